import { describe, expect, it } from "vitest";
import type { Message, ThreadView } from "../../api/generated/types";
import { flagged, idsOf, marked, marking, unread, without } from "./threads";

const row = (id: string, keywords: Record<string, boolean>, thread?: Partial<ThreadView>) => ({ id, keywords, ...(thread ? { thread: { ids: [id], unseen: 0, flagged: false, from: [], ...thread } } : {}) }) as unknown as Message;

describe("rows of threads", () => {
  const three = row("c", { $seen: true }, { ids: ["c", "b", "a"], unseen: 2, flagged: true });

  it("stand for all their messages", () => {
    expect([...idsOf([three, row("x", {})])]).toEqual(["c", "b", "a", "x"]);
    expect([unread(three), unread(row("x", {})), flagged(three), flagged(row("x", {}))]).toEqual([2, 1, true, false]);
  });

  it("are read as a whole, and made unread or flagged by their last message", () => {
    expect(marking(three, "$seen", true)).toEqual(["c", "b", "a"]);
    expect(marking(three, "$seen", false)).toEqual([]);
    expect(marking(three, "$flagged", false)).toEqual(["c", "b", "a"]);
    const read = marked(three, new Set(["c", "b", "a"]), "$seen", true);
    expect(unread(read)).toBe(0);
    expect(marking(read, "$seen", false)).toEqual(["c"]);
    expect(unread(marked(read, new Set(["c"]), "$seen", false))).toBe(1);
    expect(unread(marked(three, new Set(["b"]), "$seen", true))).toBe(1);
    expect(flagged(marked(three, new Set(["c", "b", "a"]), "$flagged", false))).toBe(false);
    expect(marking(row("x", {}), "$flagged", true)).toEqual(["x"]);
    expect(marked(three, new Set(["x"]), "$seen", true)).toBe(three);
  });

  it("are gone with their last message", () => {
    expect(without(three, new Set(["a", "b", "c"]))).toBeNull();
    expect(without(three, new Set(["b"]))?.thread?.ids).toEqual(["c", "a"]);
    expect(without(three, new Set(["x"]))).toBe(three);
    expect(without(row("x", {}), new Set(["x"]))).toBeNull();
  });
});
