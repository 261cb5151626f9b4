import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
const { request } = await import("./client");
const { messages } = await import("./events");

describe("request", () => {
  it("puts fields where the operation wants them", () => {
    expect(request("getAccount", { account: "anna@a.example" })).toEqual({ method: "GET", path: "/accounts/anna%40a.example" });
    expect(request("listAccounts", { q: "a b", limit: 5 })).toEqual({ method: "GET", path: "/accounts?q=a+b&limit=5" });
    expect(request("createAccount", { domain: "a.example", name: "anna" })).toEqual({ method: "POST", path: "/domains/a.example/accounts", body: { name: "anna" } });
    expect(request("resumeAccount", { account: "x" })).toEqual({ method: "POST", path: "/accounts/x/resume" });
  });
});

describe("messages", () => {
  const whole = "id: 7\nevent: call.started\ndata: {\"a\":\ndata: 1}\n\n:\n\nevent: reset\ndata: {}\n\n";
  it.each([1, 3, 1000])("are the same in pieces of %i octets", async (length) => {
    const octets = new TextEncoder().encode(whole);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < octets.length; at += length) controller.enqueue(octets.slice(at, at + length));
        controller.close();
      },
    });
    const heard = [];
    for await (const message of messages(stream)) heard.push(message);
    expect(heard).toEqual([{ kind: "call.started", id: "7", data: "{\"a\":\n1}" }, { kind: "reset", id: "", data: "{}" }]);
  });
});
