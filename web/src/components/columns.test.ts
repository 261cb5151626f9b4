import { describe, expect, it } from "vitest";
import { parse, visible } from "./columns";

describe("columns", () => {
  it("are read as they were written, whatever stands there", () => {
    expect(parse('["State","Since"]')).toEqual(["State", "Since"]);
    for (const broken of [null, "", "{", "7", '{"a":1}', "[1,null]"]) expect(parse(broken)).toEqual([]);
  });

  it("stay when they name the row, or are not left out", () => {
    const columns = [{ label: "Name" }, { label: "State" }, { label: "Since" }];
    expect(visible(columns, ["Name", "Since", "Gone"]).map((one) => one.label)).toEqual(["Name", "State"]);
  });
});
