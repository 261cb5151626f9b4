import { describe, expect, it } from "vitest";
import { difference, join, split } from "../../components/difference";
import { moved, parse, toggled } from "./lines";

describe("parse", () => {
  it.each([
    ["Signal:<7(10d)@*>=gatewaycaller{+7*,gwru}#pbx", { kind: "record", prefixes: ["Signal"], left: "<7(10d)@*>", right: "gatewaycaller{+7*,gwru}#pbx", comment: "" }],
    ["NoRelay:Mail:<root> = postmaster ; people", { kind: "record", prefixes: ["NoRelay", "Mail"], left: "<root>", right: "postmaster", comment: "people" }],
    ["client.dom = other.dom", { kind: "record", prefixes: [], left: "client.dom", right: "other.dom", comment: "" }],
    [";!<a> = b", { kind: "disabled", prefixes: [], left: "<a>", right: "b", comment: "" }],
    ["; --- words = no record", { kind: "comment", comment: "--- words = no record" }],
    ["   ", { kind: "blank" }],
  ])("%s", (text, expected) => expect(parse(text)).toMatchObject(expected));
});

describe("the table as text", () => {
  it.each(["", "a\n", "a\nb\n"])("%j survives being lines", (text) => expect(join(split(text))).toBe(text));
  it("switches a line off and on", () => expect([toggled("<a> = b"), toggled(";!<a> = b")]).toEqual([";!<a> = b", "<a> = b"]));
  it("moves", () => expect([moved(["a", "b", "c"], 0, 2), moved(["a", "b", "c"], 2, 0)]).toEqual([["b", "c", "a"], ["c", "a", "b"]]));
});

describe("difference", () => {
  const apply = (before: string[], after: string[]) => {
    const changes = difference(before, after);
    expect(changes.filter((change) => change.kind !== "removed").map((change) => change.text)).toEqual(after);
    expect(changes.filter((change) => change.kind !== "added").map((change) => change.text)).toEqual(before);
    return changes.filter((change) => change.kind !== "same").length;
  };
  it("is small", () => {
    expect(apply(["a", "b", "c"], ["a", "x", "c"])).toBe(2);
    expect(apply(["a", "b", "c", "d"], ["b", "c", "d", "a"])).toBe(2);
    expect(apply([], ["a"])).toBe(1);
    expect(apply(["a", "a", "b"], ["a", "b", "a"])).toBe(2);
  });
  it("rebuilds both sides of anything", () => {
    let seed = 7;
    const draw = (below: number) => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed % below; };
    for (let round = 0; round < 200; round += 1) apply(Array.from({ length: draw(8) }, () => String(draw(4))), Array.from({ length: draw(8) }, () => String(draw(4))));
  });
});
