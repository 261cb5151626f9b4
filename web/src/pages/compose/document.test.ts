import { describe, expect, it } from "vitest";
import { isPlain, ofText, toText, type Node } from "./document";

describe("plain text and the editor", () => {
  it.each(["", "one line", "two\nlines", "two\n\nparagraphs", "answer\n\n> quoted\n> more\n>\n>> deeper\n\nend"])("%j comes back", (text) => {
    const doc = ofText(text);
    expect(isPlain(doc)).toBe(true);
    expect(toText(doc)).toBe(text);
  });

  it("leaves room above a quote", () => expect(ofText("\n\nOn Monday:\n> x").content?.map(({ type }) => type)).toEqual(["paragraph", "paragraph", "blockquote"]));

  it("says in text what has form", () => {
    const item = (text: string): Node => ({ type: "listItem", content: [{ type: "paragraph", content: [{ type: "text", text }] }] });
    const doc: Node = { type: "doc", content: [
      { type: "paragraph", content: [{ type: "text", text: "bold", marks: [{ type: "bold" }] }, { type: "text", text: " here", marks: [{ type: "link", attrs: { href: "https://x.example" } }] }] },
      { type: "bulletList", content: [item("a"), item("b")] }, { type: "orderedList", attrs: { start: 3 }, content: [item("c")] },
    ] };
    expect(isPlain(doc)).toBe(false);
    expect(toText(doc)).toBe("bold here <https://x.example>\n\n - a\n - b\n\n3. c");
  });
});
