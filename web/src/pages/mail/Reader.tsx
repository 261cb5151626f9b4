// A message with its conversation: text or harmless HTML, files as cards.
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { call, download, Problem } from "../../api/client";
import { useCall } from "../../api/hooks";
import type { Attachment, MailAddress, Mailbox, Message } from "../../api/generated/types";
import { Button, Loading, Menu, Note, Time } from "../../components/controls";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { save } from "../../components/Table";
import { t } from "../../i18n";
import { moment, number, size } from "../../i18n/format";
import { forward, reply, resume, writeTo } from "../compose/answers";
import { mark, move, remove } from "./actions";
import { withRole } from "./boxes";
import { ME } from "./data";
import { hue, initials, printed, shown } from "./people";
import { Text } from "./Text";

const HtmlView = lazy(() => import("./HtmlView"));
const MOST_OF_THREAD = 100;
const MOST_OPENED = 10;

export interface ReaderProps { id: string; own: readonly string[]; boxes: readonly Mailbox[]; onKey: (event: KeyboardEvent) => void; /** Opens what is unread of the conversation too. */ whole: boolean; onGone: (message: Message) => void; onLoaded: (message: Message) => void }

export function Reader({ id, own, boxes, onKey, whole, onGone, onLoaded }: ReaderProps) {
  const { data, error, isPlaceholderData } = useCall("getMessage", { ...ME, id }, { staleTime: 60_000 });
  const message = isPlaceholderData ? undefined : data;
  const thread = useCall("listMessages", { ...ME, thread: message?.thread_id ?? "", limit: MOST_OF_THREAD }, { enabled: Boolean(message), staleTime: 30_000 });
  // What was unread when the conversation was opened; what comes later is opened by hand.
  const fresh = useRef<ReadonlySet<string>>(undefined);
  const loaded = useRef(onLoaded);
  loaded.current = onLoaded;
  useEffect(() => { if (message) loaded.current(message); }, [message]);
  if (error) return <div className="reader-empty">{error.status === 404 ? <p className="muted">{t("This message is not here any more.")}</p> : <ProblemNote problem={error} />}</div>;
  if (!message) return <Loading />;
  const conversation = (thread.data?.data ?? []).filter((one) => one.thread_id === message.thread_id && !one.keywords.$draft);
  if (thread.data && message) fresh.current ??= new Set(whole ? conversation.filter((one) => !one.keywords.$seen).slice(0, MOST_OPENED).map((one) => one.id) : []);
  const listed = conversation.some((one) => one.id === message.id) ? [...conversation].reverse() : [message];
  return (
    <article className="reader" aria-label={message.subject || t("(no subject)")}>
      <h2 className="reader-subject" dir="auto">{message.subject || t("(no subject)")}{listed.length > 1 && <span className="chip">{t("{n} messages", { n: number(listed.length) })}</span>}</h2>
      {listed.map((one) => <Card key={one.id} summary={one} message={one.id === message.id ? message : undefined} open={one.id === message.id || (fresh.current?.has(one.id) ?? false)} own={own} boxes={boxes} onKey={onKey} onGone={onGone} />)}
    </article>
  );
}

function Card({ summary, message: given, open: initially, ...rest }: { summary: Message; message: Message | undefined; open: boolean } & Pick<ReaderProps, "own" | "boxes" | "onKey" | "onGone">) {
  const [open, setOpen] = useState(initially);
  const { data, error } = useCall("getMessage", { ...ME, id: summary.id }, { enabled: open && !given, staleTime: 60_000, placeholderData: undefined as never });
  const message = given ?? (data?.id === summary.id ? data : undefined);
  const from = summary.from[0];
  // Once: who marks it as unread again wants it so.
  const read = useRef(false);
  useEffect(() => {
    if (!open || !message || read.current) return;
    read.current = true;
    if (!message.keywords.$seen) void mark([message], "$seen", true);
  }, [open, message]);
  return (
    <section className={`message-card ${open ? "open" : ""}`} aria-label={from ? shown(from) : t("(unknown sender)")}>
      <header className="message-head">
        <span className="avatar" style={{ background: `hsl(${hue(from)} 45% 30%)` }} aria-hidden="true">{initials(from)}</span>
        <div className="grow">
          <div className="row tight nowrap">
            <button type="button" className="plain grow ellipsis" aria-expanded={open} onClick={() => setOpen(!open)} title={from && printed(from)}><strong>{from ? shown(from) : t("(unknown sender)")}</strong>{from?.name && open && <span className="muted"> &lt;{from.email}&gt;</span>}</button>
            <span className="muted numbers" style={{ whiteSpace: "nowrap" }} title={moment(summary.received_at)}><Time at={summary.received_at} /></span>
          </div>
          {open && <dl className="facts on-paper"><Addressed message={message ?? summary} rows={[[t("From"), summary.from]]} /></dl>}
          {open ? <Recipients message={message ?? summary} own={rest.own} /> : <div className="muted ellipsis">{summary.preview}</div>}
        </div>
        {open && message && <Actions message={message} {...rest} />}
      </header>
      {open && error && <ProblemNote problem={error} />}
      {open && !message && !error && <Loading />}
      {open && message && <Body message={message} onKey={rest.onKey} />}
    </section>
  );
}

const FEW = 4;

function Recipients({ message, own }: { message: Message; own: readonly string[] }) {
  const [all, setAll] = useState(false);
  const name = (one: MailAddress) => (own.some((address) => address.toLowerCase() === one.email.toLowerCase()) ? t("me") : shown(one));
  const list = [...message.to, ...message.cc];
  if (all) {
    return <dl className="facts recipients"><Addressed message={message} /></dl>;
  }
  return <div className="muted ellipsis">{t("to {who}", { who: list.slice(0, FEW).map(name).join(", ") || t("(nobody yet)") })} {list.length > FEW && t("and {n} more", { n: number(list.length - FEW) })} <button type="button" className="plain accent" onClick={() => setAll(true)}>{t("Details")}</button></div>;
}

function Addressed({ message, rows = [] }: { message: Message; rows?: [string, readonly MailAddress[]][] }) {
  const all = [...rows, [t("To"), message.to], [t("Cc"), message.cc], [t("Bcc"), message.bcc], [t("Reply to"), message.reply_to]] as const;
  return <>{all.map(([label, people]) => people.length > 0 && <div key={label} style={{ display: "contents" }}><dt>{label}</dt><dd><People list={people} /></dd></div>)}<dt>{t("Date")}</dt><dd>{moment(message.received_at)}</dd></>;
}

const MANY = 100;
function People({ list }: { list: readonly MailAddress[] }) {
  const [most, setMost] = useState(MANY);
  return <>{list.slice(0, most).map(printed).join(", ")} {list.length > most && <button type="button" className="plain accent" onClick={() => setMost(most + 1000)}>{t("and {n} more", { n: number(list.length - most) })}</button>}</>;
}

function Actions({ message, own, boxes, onGone }: { message: Message } & Pick<ReaderProps, "own" | "boxes" | "onGone">) {
  const [source, setSource] = useState(false);
  const junk = withRole(boxes, "junk");
  const inbox = withRole(boxes, "inbox");
  const inJunk = message.mailboxes.some((place) => place.mailbox_id === junk?.id);
  const keep = async () => {
    try { save(`${(message.subject || "message").slice(0, 60).replace(/[^\p{L}\p{N}._ -]/gu, "_")}.eml`, await download("getRaw", { ...ME, id: message.id }, "message/rfc822")); } catch (error) { if (error instanceof Problem) tell(error); }
  };
  return (
    <div className="row tight nowrap actions">
      {message.keywords.$draft ? <Button icon="edit" onClick={() => resume(message)}>{t("Go on writing")}</Button> : <>
        <Button tone="quiet" icon="reply" aria-label={t("Reply")} title={`${t("Reply")} (r)`} onClick={() => reply(message, own, false)} />
        <Button tone="quiet" icon="replyAll" className="wide-only" aria-label={t("Reply to all")} title={`${t("Reply to all")} (a)`} onClick={() => reply(message, own, true)} />
        <Button tone="quiet" icon="forward" className="wide-only" aria-label={t("Forward")} title={`${t("Forward")} (f)`} onClick={() => forward(message)} />
      </>}
      <Menu label={t("More")}>
        <button type="button" onClick={() => reply(message, own, true)}>{t("Reply to all")}</button>
        <button type="button" onClick={() => forward(message)}>{t("Forward")}</button>
        <button type="button" onClick={() => { onGone(message); void mark([message], "$seen", false); }}>{t("Mark as unread")}</button>
        {junk && !inJunk && <button type="button" onClick={() => { onGone(message); void move([message], junk); }}>{t("This is junk")}</button>}
        {inJunk && inbox && <button type="button" onClick={() => { onGone(message); void move([message], inbox); }}>{t("This is no junk")}</button>}
        <button type="button" className="danger" onClick={() => remove([message], boxes, () => onGone(message))}>{t("Delete")}</button>
        <hr />
        <button type="button" onClick={(event) => print(event.currentTarget.closest(".message-card"))}>{t("Print")}</button>
        <button type="button" onClick={() => setSource(true)}>{t("Show the original")}</button>
        <button type="button" onClick={() => void keep()}>{t("Save as file")}</button>
      </Menu>
      {source && <Source id={message.id} onClose={() => setSource(false)} />}
    </div>
  );
}

/** Prints a message alone, without the others of its conversation. */
function print(card: Element | null) {
  card?.classList.add("printed");
  addEventListener("afterprint", () => card?.classList.remove("printed"), { once: true });
  window.print();
}

const MOST_OF_SOURCE = 200_000;

function Source({ id, onClose }: { id: string; onClose: () => void }) {
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    call("getRaw", { ...ME, id }, { accept: "application/json" }).then(({ raw, encoding }) => setText(encoding === "base64" ? atob(raw) : raw), (error: unknown) => { if (error instanceof Problem) setProblem(error); });
  }, [id]);
  return <Dialog title={t("Original")} kind="wide" onClose={onClose}><ProblemNote problem={problem} />{text === null ? !problem && <Loading /> : <pre className="mono source" tabIndex={0}>{text.slice(0, MOST_OF_SOURCE)}</pre>}</Dialog>;
}

function Body({ message, onKey }: { message: Message; onKey: (event: KeyboardEvent) => void }) {
  const body = message.body;
  const [plain, setPlain] = useState(false);
  if (!body) return null;
  const html = body.html && !plain ? body.html : null;
  const files = body.attachments.filter((one) => !(html && one.disposition === "inline" && one.cid && html.includes(`cid:${one.cid}`)));
  return (
    <div className="message-body">
      {html ? <Suspense fallback={<Loading />}><HtmlView id={message.id} html={html} attachments={body.attachments} title={message.subject || t("(no subject)")} onKey={onKey} onMailto={writeTo} /></Suspense>
        : body.text ? <Text text={body.text} /> : <p className="muted">{t("This message has no text.")}</p>}
      {body.html && body.text && <div><Button tone="quiet" className="small" onClick={() => setPlain(!plain)}>{plain ? t("Show as it was designed") : t("Show as plain text")}</Button></div>}
      {files.length > 0 && <Files id={message.id} files={files} />}
    </div>
  );
}

const MOST_FILES = 50;

function Files({ id, files }: { id: string; files: readonly Attachment[] }) {
  const [busy, setBusy] = useState("");
  const [most, setMost] = useState(MOST_FILES);
  const fetchOne = async (file: Attachment) => {
    setBusy(file.part);
    try {
      const content = await download("getPart", { ...ME, id, part: file.part });
      // As octets, so that no browser shows a page of a stranger as one of ours.
      save(file.name || `${t("attachment")}-${file.part}`, new Blob([content], { type: "application/octet-stream" }));
    } catch (error) {
      if (error instanceof Problem) tell(error); else throw error;
    } finally {
      setBusy("");
    }
  };
  return (
    <section aria-label={t("Attachments")}>
      <ul className="files plain">
        {files.slice(0, most).map((file) => (
          <li key={file.part}>
            <button type="button" className="file" aria-busy={busy === file.part || undefined} onClick={() => void fetchOne(file)} title={t("Download {name}", { name: file.name || file.type })}>
              <Icon name={file.type.startsWith("image/") ? "image" : "clip"} /><span className="grow"><span className="name">{file.name || file.type}</span><span className="muted">{size(file.size)}</span></span><Icon name="download" />
            </button>
          </li>
        ))}
      </ul>
      {files.length > most && <Button onClick={() => setMost(most + 500)}>{t("and {n} more", { n: number(files.length - most) })}</Button>}
    </section>
  );
}

/** Said in place of a message when none is open. */
export const NothingOpen = () => <div className="reader-empty"><Note>{t("Choose a message to read it here. The key ? shows what keys do.")}</Note></div>;
