import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null });
const { body, parse, print } = await import("./search");

describe("what one types to find mail", () => {
  it.each([
    ["hello world", [], "hello world"],
    ["from:anna is:unread hello", [["from", "anna"], ["is", "unread"]], "hello"],
    ['subject:"a b" x', [["subject", "a b"]], "x"],
    ['"exactly this"', [], "exactly this"],
    ["is:odd before:soon re:you http://x.example", [], "is:odd before:soon re:you http://x.example"],
    ["FROM:Anna before:2026-02-30 after:2026-01-05", [["from", "Anna"], ["after", "2026-01-05"]], "before:2026-02-30"],
    ["from: x", [], "from: x"],
  ])("%s", (typed, chips, text) => {
    const query = parse(typed as string);
    expect(query.chips.map(({ key, value }) => [key, value])).toEqual(chips);
    expect(query.text).toBe(text);
    expect(parse(print(query))).toEqual(query);
  });

  it("is asked of the server", () => {
    const sent = { id: "7", name: "Sent Items", role: "sent", class: "mail" } as never;
    expect(body(parse("in:sent is:unread has:attachment to:bob word"), [sent])).toEqual({ text: "word", mailbox: "7", not_keyword: "$seen", has_attachment: true, to: "bob" });
    expect(body(parse("in:Elsewhere"), [sent])).toEqual({ mailbox: "path:Elsewhere" });
    expect(body(parse("after:2026-01-05"), []).received_after).toBe(new Date(2026, 0, 5).toISOString());
  });
});
