import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("localStorage", { getItem: () => null });
vi.stubGlobal("document", { documentElement: { dataset: {} } });
vi.stubGlobal("location", { origin: "http://localhost:8010" });
const { rank } = await import("./Palette");
const { places, trail } = await import("./admin");
const { curl } = await import("./ApiPeek");

describe("rank", () => {
  it("prefers what begins with the query", () => {
    expect(rank("Domains", "dom")).toBeLessThan(rank("All domains", "dom") ?? 0);
    expect(rank("Settings Network", "net set")).toBe(3);
    expect(rank("Queue", "x")).toBeNull();
  });
});

describe("trail", () => {
  it.each([
    ["/", ["Dash"]],
    ["/settings/mail/smtp/receiving/listener", ["Settings", "Mail", "SMTP", "Receiving", "Listener"]],
    ["/settings/network/client-ips", ["Settings", "Network", "Client IPs"]],
    ["/settings/router", ["Settings", "Router"]],
    ["/users/domains/a.example", ["Users", "Domains"]],
  ])("%s", (path, expected) => expect(trail(places, path).map((place) => place.text)).toEqual(expected));
});

describe("curl", () => {
  it("leaves secrets out and quotes the rest", () => {
    const text = curl({ method: "POST", path: "/api/v1/x", body: { name: "o'neil", password: "hidden" } });
    expect(text).toContain("-X POST");
    expect(text).toContain("o'\\''neil");
    expect(text).not.toContain("hidden");
  });
});
