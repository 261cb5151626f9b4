import { expect, it } from "vitest";
import { ofText, toText } from "./document";
import { signed } from "./signature";

it("stands between what is written and what is answered", () => {
  expect(signed("\n\n> quoted", "")).toBe("\n\n> quoted");
  expect(signed("\n\n> quoted", " \n")).toBe("\n\n> quoted");
  expect(signed("", "Anna\nSales\n")).toBe("\n\n-- \nAnna\nSales");
  expect(signed("\n\nBob wrote:\n> quoted\n", "Anna")).toBe("\n\n-- \nAnna\n\nBob wrote:\n> quoted\n");
  // The mark keeps its blank through the editor, so that readers know it.
  expect(toText(ofText(signed("\n\n> quoted", "Anna")))).toContain("-- \nAnna\n\n> quoted");
});
