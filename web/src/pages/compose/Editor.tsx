// Text with some form: bold, lists, quotes, links. Loaded when somebody writes.
import { Editor as Core } from "@tiptap/core";
import { DOMParser as Reader } from "@tiptap/pm/model";
import StarterKit from "@tiptap/starter-kit";
import createPurifier from "dompurify";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../components/controls";
import { Dialog } from "../../components/Dialog";
import type { IconName } from "../../components/Icon";
import { t } from "../../i18n";
import { isPlain, ofText, toText, type Node } from "./document";

/** What is asked of an editor from outside. */
export interface Handle { content: () => { text: string; html: string | null }; focus: () => void }

const TAGS = ["p", "br", "b", "strong", "i", "em", "u", "s", "a", "ul", "ol", "li", "blockquote", "pre", "code", "h1", "h2", "h3", "hr", "div", "span"];

export default function Editor({ text, html, label, autoFocus, onReady, onChange }: { text: string; html: string | null; label: string; autoFocus: boolean; onReady: (handle: Handle) => void; onChange: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Core | null>(null);
  const [, redraw] = useState(0);
  const heard = useRef(onChange);
  heard.current = onChange;
  useEffect(() => {
    const core = new Core({
      element: place.current, injectCSS: false, content: ofText(text),
      extensions: [StarterKit.configure({ link: { openOnClick: false, autolink: true, defaultProtocol: "https", HTMLAttributes: { rel: null, target: null } } })],
      // Styles of others are no form this editor knows, and the policy of the page would complain of them.
      editorProps: { transformPastedHTML: (pasted) => pasted.replace(/\sstyle\s*=\s*("[^"]*"|'[^']*')/gi, ""), attributes: { "aria-label": label, role: "textbox", "aria-multiline": "true", class: "editor-text" } },
      onUpdate: () => heard.current(), onTransaction: () => redraw((n) => n + 1),
    });
    if (html) {
      const clean = createPurifier(window).sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ["href"], RETURN_DOM_FRAGMENT: true });
      core.commands.setContent(Reader.fromSchema(core.schema).parse(clean).toJSON(), { emitUpdate: false });
    }
    setEditor(core);
    onReady({
      content: () => { const made = core.getJSON() as Node; return { text: toText(made), html: isPlain(made) ? null : core.getHTML() }; },
      focus: () => core.commands.focus("start"),
    });
    if (autoFocus) core.commands.focus("start");
    return () => core.destroy();
  }, []); // eslint-disable-line
  return (
    <div className="editor">
      {editor && <Tools editor={editor} />}
      <div ref={place} className="editor-place" />
    </div>
  );
}

function Tools({ editor }: { editor: Core }) {
  const [linking, setLinking] = useState(false);
  const chain = () => editor.chain().focus();
  const tool = (icon: IconName | string, name: string, active: string, run: () => void) => (
    <Button key={name} tone="quiet" className="icon tool" aria-label={name} title={name} aria-pressed={active ? editor.isActive(active) : undefined} onMouseDown={(event) => event.preventDefault()} onClick={run} {...(icon.length > 1 ? { icon: icon as IconName } : {})}>{icon.length === 1 ? <span aria-hidden="true" className={`letter ${icon}`}>{icon}</span> : undefined}</Button>
  );
  return (
    <div className="tools" role="toolbar" aria-label={t("Form of the text")}>
      {tool("B", t("Bold"), "bold", () => chain().toggleBold().run())}
      {tool("I", t("Italic"), "italic", () => chain().toggleItalic().run())}
      {tool("U", t("Underlined"), "underline", () => chain().toggleUnderline().run())}
      {tool("list", t("List"), "bulletList", () => chain().toggleBulletList().run())}
      {tool("numbered", t("Numbered list"), "orderedList", () => chain().toggleOrderedList().run())}
      {tool("quote", t("Quote"), "blockquote", () => chain().toggleBlockquote().run())}
      {tool("link", t("Link"), "link", () => (editor.isActive("link") ? chain().unsetLink().run() : setLinking(true)))}
      {tool("clear", t("Without form"), "", () => chain().unsetAllMarks().clearNodes().run())}
      {linking && <LinkDialog onClose={() => setLinking(false)} onLink={(url) => {
        setLinking(false);
        if (editor.state.selection.empty) chain().insertContent({ type: "text", text: url, marks: [{ type: "link", attrs: { href: url } }] }).run(); else chain().setLink({ href: url }).run();
      }} />}
    </div>
  );
}

function LinkDialog({ onClose, onLink }: { onClose: () => void; onLink: (url: string) => void }) {
  const [url, setUrl] = useState("");
  return (
    <Dialog title={t("Link")} onClose={onClose}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); event.stopPropagation(); const to = url.trim(); if (to) onLink(/^(?:https?|mailto|tel):/i.test(to) ? to : `https://${to}`); }}>
        <input className="input" autoFocus aria-label={t("Address of the link")} placeholder="https://" value={url} onChange={(event) => setUrl(event.target.value)} />
        <footer><Button onClick={onClose}>{t("Cancel")}</Button><Button type="submit" tone="primary">{t("Link")}</Button></footer>
      </form>
    </Dialog>
  );
}
