import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null });
const { path, roundUp } = await import("./TrendChart");

describe("a chart", () => {
  it("has a top one can read", () => expect([0, 4, 7, 11, 230, 999].map(roundUp)).toEqual([4, 4, 10, 20, 250, 1000]));
  it("breaks where nothing is known", () => expect(path([1, 2, null, 3], 4).match(/[ML]/g)).toEqual(["M", "L", "M"]));
  it("shows a single point", () => expect(path([null, 1, null], 4)).toMatch(/^M[\d.]+ [\d.]+h2$/));
});
