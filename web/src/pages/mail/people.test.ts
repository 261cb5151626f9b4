import { describe, expect, it } from "vitest";
import { addresses, initials, printed, wellFormed } from "./people";

describe("addresses as one types them", () => {
  it.each([
    ["a@x.example", [["", "a@x.example"]]],
    ["Anna Berg <a@x.example>, b@y.example;c@z.example\nd", [["Anna Berg", "a@x.example"], ["", "b@y.example"], ["", "c@z.example"], ["", "d"]]],
    ['"Müller, Eva" <eva@x.example>, x@y.example', [["Müller, Eva", "eva@x.example"], ["", "x@y.example"]]],
    ["<only@x.example>", [["", "only@x.example"]]], [" , ;\n", []], ["Anna <half", [["Anna", "half"]]],
  ])("%j", (typed, found) => expect(addresses(typed as string).map(({ name, email }) => [name, email])).toEqual(found));

  it("come back as they are printed", () => {
    for (const one of [{ name: "", email: "a@x.example" }, { name: "Anna Berg", email: "a@x.example" }, { name: "Müller, Eva", email: "e@x.example" }]) expect(addresses(printed(one))).toEqual([one]);
  });
  it("are told from what is none", () => expect(["a@x", "a", "a b@x", "@x", "a@x,y"].map((email) => wellFormed({ name: "", email }))).toEqual([true, false, false, false, false]));
  it("have initials", () => expect([{ name: "Anna Berg", email: "" }, { name: "", email: "bob@x.example" }, { name: "(!)", email: "" }].map(initials)).toEqual(["AB", "B", "?"]));
});
