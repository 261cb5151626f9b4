// Between plain text and what the editor holds.

/** A node of the editor's document. */
export interface Node { type: string; text?: string; content?: Node[]; marks?: { type: string; attrs?: { href?: string } }[]; attrs?: { level?: number; start?: number } }

/** Lines become paragraphs, those that begin with > a quote. */
export function ofText(text: string): Node {
  const content = blocksOf(text.replaceAll("\r\n", "\n").split("\n"));
  return { type: "doc", content: content.length > 0 ? content : [{ type: "paragraph" }] };
}

function blocksOf(lines: readonly string[]): Node[] {
  const blocks: Node[] = [];
  for (let at = 0; at < lines.length;) {
    const quoted = lines[at]?.startsWith(">") ?? false;
    let end = at;
    while (end < lines.length && lines[end]?.startsWith(">") === quoted) end += 1;
    const run = lines.slice(at, end);
    if (quoted) blocks.push({ type: "blockquote", content: blocksOf(run.map((line) => line.replace(/^> ?/, ""))) }); else blocks.push(...paragraphs(run));
    at = end;
  }
  return blocks.length > 0 ? blocks : [{ type: "paragraph" }];
}

/** Empty lines part paragraphs; more than one of them is room left on purpose. */
function paragraphs(lines: readonly string[]): Node[] {
  const found: Node[] = [];
  let inner: Node[] = [];
  let empty = 0;
  const end = () => { if (inner.length > 0) found.push({ type: "paragraph", content: inner }); inner = []; };
  for (const line of lines) {
    if (line.trim() === "") { end(); empty += 1; if (empty > 1) found.push({ type: "paragraph" }); continue; }
    empty = 0;
    if (inner.length > 0) inner.push({ type: "hardBreak" });
    inner.push({ type: "text", text: line });
  }
  end();
  return found;
}

/** Whether plain text says the same. */
export function isPlain(node: Node): boolean {
  if (node.marks && node.marks.some((mark) => mark.type !== "link" || mark.attrs?.href !== node.text)) return false;
  return ["doc", "paragraph", "text", "hardBreak", "blockquote"].includes(node.type) && (node.content ?? []).every(isPlain);
}

export function toText(doc: Node): string {
  return linesOf(doc.content ?? []).join("\n").replace(/\s+$/, "");
}

function linesOf(blocks: readonly Node[]): string[] {
  const lines: string[] = [];
  for (const [index, block] of blocks.entries()) {
    if (index > 0) lines.push("");
    lines.push(...blockLines(block));
  }
  return lines;
}

function blockLines(block: Node): string[] {
  const inner = block.content ?? [];
  const items = (mark: (index: number) => string) => inner.flatMap((item, index) => linesOf(item.content ?? []).map((line, at) => (at === 0 ? `${mark(index)} ${line}` : `   ${line}`)));
  switch (block.type) {
    case "blockquote": return linesOf(inner).map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`.trimEnd()));
    case "bulletList": return items(() => " -");
    case "orderedList": return items((index) => `${(block.attrs?.start ?? 1) + index}.`);
    case "horizontalRule": return ["-----"];
    default: return inner.map(inline).join("").split("\n");
  }
}

function inline(node: Node): string {
  if (node.type === "hardBreak") return "\n";
  const to = node.marks?.find((mark) => mark.type === "link")?.attrs?.href;
  const text = node.text ?? "";
  return to && to !== text && to !== `mailto:${text}` ? `${text} <${to}>` : text;
}
