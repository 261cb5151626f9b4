// The HTML of a message in a frame without scripts, as high as its content.
import { useEffect, useRef, useState } from "react";
import { call } from "../../api/client";
import type { Attachment } from "../../api/generated/types";
import { Button, Loading, Note } from "../../components/controls";
import { t } from "../../i18n";
import { ME } from "./data";
import { clip, sanitise } from "./sanitise";

const STYLE = `html { color-scheme: light; background: #fff; overflow: auto hidden; }
body { margin: 12px 16px; font: 14px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #191d24; overflow-wrap: anywhere; }
img { max-width: 100%; } pre { white-space: pre-wrap; } blockquote { margin: 0 0 0 8px; padding-left: 12px; border-left: 3px solid #dfe3ea; } a { color: #2a56c6; }`;
const HIGHEST = 30_000;
const MOST_PICTURES = 50;

export default function HtmlView({ id, html, attachments, onKey, onMailto, title }: {
  id: string; html: string; attachments: readonly Attachment[]; title: string;
  onKey: (event: KeyboardEvent) => void; onMailto: (url: string) => void;
}) {
  const [remote, setRemote] = useState(false);
  const [whole, setWhole] = useState(false);
  const [left, setLeft] = useState(0);
  const beginning = whole ? null : clip(html);
  return (
    <div className="stack tight">
      {left > 0 && !remote && (
        <Note><div className="row"><span className="grow">{t("Pictures on other servers are not shown: fetching them tells the sender that you read this.")}</span><Button icon="image" onClick={() => setRemote(true)}>{t("Show remote content")}</Button></div></Note>
      )}
      <Frame key={`${id} ${remote} ${whole}`} id={id} html={beginning ?? html} remote={remote} attachments={attachments} title={title} onKey={onKey} onMailto={onMailto} onLeft={setLeft} />
      {beginning !== null && <Note><div className="row"><span className="grow">{t("This message is long; its beginning is shown.")}</span><Button onClick={() => setWhole(true)}>{t("Show all of it")}</Button></div></Note>}
    </div>
  );
}

function Frame({ id, html, remote, attachments, title, onKey, onMailto, onLeft }: {
  id: string; html: string; remote: boolean; attachments: readonly Attachment[]; title: string;
  onKey: (event: KeyboardEvent) => void; onMailto: (url: string) => void; onLeft: (count: number) => void;
}) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(0);
  const heard = useRef({ onKey, onMailto });
  heard.current = { onKey, onMailto };
  const watch = useRef<ResizeObserver>(undefined);
  useEffect(() => () => watch.current?.disconnect(), []);

  const fill = () => {
    const view = frame.current?.contentWindow;
    if (!view || view.document.body.hasAttribute("data-filled")) return;
    const page = view.document;
    page.body.setAttribute("data-filled", "");
    const style = page.createElement("style");
    style.textContent = STYLE;
    page.head.append(style);
    const clean = sanitise(view, html, remote);
    page.body.append(clean.content);
    for (const { image, from } of clean.fetch) image.src = from;
    void bring(id, attachments, clean.pictures);
    onLeft(clean.remote);
    page.addEventListener("keydown", (event) => heard.current.onKey(event));
    page.addEventListener("click", (event) => {
      const to = (event.target as Element | null)?.closest?.("a")?.getAttribute("href") ?? "";
      if (/^(?:mailto|tel):/i.test(to)) { event.preventDefault(); if (/^mailto:/i.test(to)) heard.current.onMailto(to); }
    });
    const measure = () => setHeight((old) => {
      const next = Math.min(Math.ceil(page.body.getBoundingClientRect().height) + 24, HIGHEST);
      return Math.abs(next - old) < 2 ? old : next;
    });
    watch.current = new ResizeObserver(measure);
    watch.current.observe(page.body);
    measure();
  };
  return (
    <div className="message-frame">
      {height === 0 && <Loading />}
      <iframe ref={frame} title={title} src={remote ? "/message-frame/remote" : "/message-frame"} sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerPolicy="no-referrer"
        style={{ height: `${Math.max(height, 40)}px` }} onLoad={fill} />
    </div>
  );
}

/** Pictures that came with the message. */
async function bring(id: string, attachments: readonly Attachment[], pictures: readonly { image: HTMLImageElement; cid: string }[]) {
  const read = new Map<string, Promise<string>>();
  for (const { image, cid } of pictures.slice(0, MOST_PICTURES)) {
    const part = attachments.find((one) => one.cid === cid && one.type.startsWith("image/"));
    if (!part) continue;
    const data = read.get(part.part) ?? call("getPart", { ...ME, id, part: part.part }, { accept: "application/json" }).then(({ content, encoding }) => `data:${part.type};base64,${encoding === "base64" ? content : btoa(String.fromCharCode(...new TextEncoder().encode(content)))}`);
    read.set(part.part, data);
    await data.then((url) => { image.src = url; }, () => undefined);
  }
}
