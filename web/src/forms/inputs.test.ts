import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null });
const { split } = await import("./inputs");
const { label } = await import("./labels");
const { size } = await import("../i18n/format");

describe("split", () => {
  const units = [["B", 1], ["KiB", 1024], ["MiB", 1024 ** 2]] as const;
  it.each([[1024, [1, 1024]], [1536, [1536, 1]], [0, [0, 1]], [5 * 1024 ** 2, [5, 1024 ** 2]]])("%i", (value, expected) => expect(split(value, units)).toEqual(expected));
});

describe("words", () => {
  it("names settings", () => expect([label("max_account_size"), label("require_helo"), label("wan_ipv4")]).toEqual(["Maximum account size", "Require HELO", "WAN IPv4"]));
  it("shortens sizes", () => expect([size(0), size(1023), size(1536), size(30 * 1024 ** 2)]).toEqual(["0 B", "1,023 B", "1.5 KiB", "30 MiB"]));
});
