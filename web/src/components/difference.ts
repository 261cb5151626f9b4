// Texts as lines, and what differs between two of them.

/** A text as lines; the last one may lack its end. */
export const split = (text: string): string[] => text.replace(/\n$/, "").split("\n");
export const join = (lines: readonly string[]): string => (lines.length === 0 || (lines.length === 1 && lines[0] === "") ? "" : `${lines.join("\n")}\n`);

export interface Change { kind: "same" | "added" | "removed"; text: string; line: number }

/** What has to be taken away and added to make one list of lines of the other: the fewest lines there are. */
export function difference(before: readonly string[], after: readonly string[]): Change[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const [a, b] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  // Lengths of longest common tails; the middle of two big tables that share nothing is shown as it is.
  const longest: number[][] = a.length * b.length > 4_000_000 ? [] : Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0 && longest.length > 0; i -= 1) {
    const row = longest[i] as number[];
    for (let j = b.length - 1; j >= 0; j -= 1) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const changes: Change[] = before.slice(0, start).map((text, index) => ({ kind: "same", text, line: index + 1 }));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { changes.push({ kind: "same", text: b[j] ?? "", line: start + j + 1 }); i += 1; j += 1; }
    else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) { changes.push({ kind: "removed", text: a[i] ?? "", line: start + i + 1 }); i += 1; }
    else { changes.push({ kind: "added", text: b[j] ?? "", line: start + j + 1 }); j += 1; }
  }
  return [...changes, ...after.slice(after.length - end).map((text, index) => ({ kind: "same" as const, text, line: after.length - end + index + 1 }))];
}
