// Writing a message. What is typed is kept as a draft soon after, and stays on the screen whatever happens to the server.
import "../mail/mail.css";
import { lazy, Suspense, useEffect, useRef, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent } from "react";
import { call, onceKey, Problem, UNREACHABLE, type Input } from "../../api/client";
import { useCall } from "../../api/hooks";
import { upload } from "../../api/upload";
import type { MailAddress } from "../../api/generated/types";
import { Button, Loading, Menu } from "../../components/controls";
import { confirm } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { ProblemNote, sentence, tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t } from "../../i18n";
import { size } from "../../i18n/format";
import { useWriting } from "../../preferences";
import { ME, patchKeyword, refresh } from "../mail/data";
import type { Handle } from "./Editor";
import { remember } from "./known";
import { PeopleField } from "./PeopleField";
import { close, fold, newKey, rename, useWritings, write, type File_, type Start, type Writing } from "./store";

const Editor = lazy(() => import("./Editor"));
/** Typing rests this long before a draft is kept. */
const REST_MS = 2_000;
const AGAIN_MS = 5_000;
const UNDO_SECONDS = 10;

export default function Compose() {
  return <div className="compose-dock">{useWritings().map((one) => <Window key={one.key} writing={one} />)}</div>;
}

type Kept = "new" | "typed" | "keeping" | "kept" | "failed";

function Window({ writing: { key, start, folded } }: { writing: Writing }) {
  const { data: account } = useCall("getAccount", ME, { staleTime: 60_000 });
  const [form] = useWriting();
  const [from, setFrom] = useState(start.from ?? "");
  const [to, setTo] = useState<MailAddress[]>(start.to ?? []);
  const [cc, setCc] = useState<MailAddress[]>(start.cc ?? []);
  const [bcc, setBcc] = useState<MailAddress[]>(start.bcc ?? []);
  const [copies, setCopies] = useState((start.cc ?? []).length + (start.bcc ?? []).length > 0);
  const [subject, setSubject] = useState(start.subject ?? "");
  const [files, setFiles] = useState<File_[]>(start.files ?? []);
  const [rich, setRich] = useState(form === "rich" || Boolean(start.html));
  const [plain, setPlain] = useState(start.text ?? "");
  const [kept, setKept] = useState<Kept>("new");
  const [full, setFull] = useState(false);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [over, setOver] = useState(false);
  const editor = useRef<Handle>(null);
  const origin = useRef({ text: start.text ?? "", html: start.html ?? null });
  const draft = useRef(start.draftId);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const queue = useRef<Promise<boolean>>(Promise.resolve(true));
  const revision = useRef(0);
  const once = useRef<string>(undefined);
  const live = useRef({ from, to, cc, bcc, subject, files, plain, rich, account });
  live.current = { from, to, cc, bcc, subject, files, plain, rich, account };
  const picker = useRef<HTMLInputElement>(null);

  const content = () => (live.current.rich ? editor.current?.content() ?? origin.current : { text: live.current.plain, html: null });
  const message = (): Omit<Input<"createDraft">, "account"> => {
    const now = live.current;
    const sender = now.from && now.account ? { from: { name: now.account.real_name, email: now.from } } : {};
    return {
      ...sender, to: now.to, cc: now.cc, bcc: now.bcc, subject: now.subject, ...content(), attachments: now.files.flatMap((file) => (file.ref ? [{ ...file.ref, name: file.name }] : [])),
      ...(start.inReplyTo ? { in_reply_to: start.inReplyTo } : {}), references: start.references ?? [],
    };
  };

  /** Keeps what is written; false when that is not possible now. */
  const keep = (): Promise<boolean> => {
    clearTimeout(timer.current);
    queue.current = queue.current.then(async () => {
      const written = revision.current;
      setKept("keeping");
      try {
        const old = draft.current;
        const stored = await store(old, message());
        draft.current = stored.id;
        rename(key, stored.id);
        await follow(old, stored.id);
        setKept(revision.current === written ? "kept" : "typed");
        void refresh();
        return true;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        setKept("failed");
        if (error.code === UNREACHABLE || error.status >= 500) timer.current = setTimeout(() => void keep(), AGAIN_MS);
        return false;
      }
    });
    return queue.current;
  };
  /** Files that lie in the draft lie in its successor now. */
  const follow = async (old: string | undefined, id: string) => {
    if (!old || !live.current.files.some((file) => file.ref && "message_id" in file.ref && file.ref.message_id === old)) return;
    const parts = (await call("getMessage", { ...ME, id })).body?.attachments ?? [];
    const sent = live.current.files.filter((file) => file.ref);
    setFiles((list) => list.map((file) => {
      const part = parts[sent.indexOf(file)]?.part;
      return file.ref && "message_id" in file.ref && file.ref.message_id === old && part ? { ...file, ref: { message_id: id, part } } : file;
    }));
  };
  const typed = () => {
    revision.current += 1;
    once.current = undefined;
    setKept("typed");
    setProblem(null);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void keep(), REST_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (kept === "new" || kept === "kept") return undefined;
    const leave = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, [kept]);

  const attach = (list: Iterable<File>) => {
    for (const file of list) {
      const stop = new AbortController();
      const one: File_ = { key: newKey(), name: file.name || t("attachment"), size: file.size, type: file.type, progress: 0, stop: () => stop.abort() };
      const change = (what: Partial<File_>) => setFiles((now) => now.map((other) => (other.key === one.key ? { ...other, ...what } : other)));
      setFiles((now) => [...now, one]);
      upload("me", file, (progress) => change({ progress }), stop.signal).then(
        ({ blob_id }) => { change({ progress: 1, ref: { blob_id } }); typed(); },
        (error: unknown) => { if (!stop.signal.aborted) change({ fault: error instanceof Problem ? sentence(error) : String(error) }); },
      );
    }
  };
  const detach = (file: File_) => { file.stop?.(); setFiles((now) => now.filter((one) => one !== file)); typed(); };

  const rising = files.some((file) => !file.ref && !file.fault);
  const everybody = [...to, ...cc, ...bcc];
  const empty = everybody.length === 0 && subject === "" && files.length === 0 && kept === "new" && !start.draftId;

  const send = async () => {
    if (sending || rising || live.current.to.length + live.current.cc.length + live.current.bcc.length === 0) return;
    setSending(true);
    setProblem(null);
    clearTimeout(timer.current);
    await queue.current;
    const body = message();
    once.current ??= onceKey();
    try {
      const sent = await call("sendMessage", { ...ME, ...body, undo_seconds: UNDO_SECONDS }, { once: once.current });
      remember(everybody);
      const again: Start = { ...start, ...content(), to, cc, bcc, subject, files, ...(from ? { from } : {}) };
      close(key);
      toast(t("Sent"), { undo: () => void callBack(sent.id, sent.message_id, again), seconds: UNDO_SECONDS });
      if (draft.current) void call("deleteMessage", { ...ME, id: draft.current, permanent: "true" }).catch(() => undefined).then(() => refresh());
      if (start.answers) {
        patchKeyword(new Set([start.answers]), "$answered", true);
        void call("updateMessage", { ...ME, id: start.answers, keywords: { $answered: true } }).catch(() => undefined);
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      setSending(false);
      timer.current = setTimeout(() => void keep(), AGAIN_MS);
      if (error.at("/cc/0") ?? error.at("/bcc/0")) setCopies(true);
    }
  };
  const shut = async () => {
    if (kept === "typed" || kept === "failed" || kept === "keeping") {
      // What cannot be kept stays on the screen.
      if (!await keep()) { fold(key, true); toast(t("Not kept yet: it waits here below"), { error: true }); return; }
      toast(t("Kept as a draft"));
    }
    if (live.current.files.some((file) => !file.ref && !file.fault)) for (const file of files) file.stop?.();
    close(key);
  };
  const discard = () => {
    const go = async () => {
      clearTimeout(timer.current);
      close(key);
      await queue.current;
      if (draft.current) await call("deleteMessage", { ...ME, id: draft.current, permanent: "true" }).catch(() => undefined);
      void refresh();
    };
    if (empty) void go(); else confirm({ title: t("Discard this message?"), text: t("What you have written is deleted for good."), action: t("Discard"), danger: true, yes: () => void go() });
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void send(); }
    if (event.key === "Escape" && !event.defaultPrevented) { event.stopPropagation(); fold(key, true); }
  };
  const drop = (event: DragEvent) => { setOver(false); if (event.dataTransfer.files.length > 0) { event.preventDefault(); attach(event.dataTransfer.files); } };
  const paste = (event: ClipboardEvent) => { if (event.clipboardData.files.length > 0) { event.preventDefault(); attach(event.clipboardData.files); } };
  const toggleForm = () => {
    const now = content();
    if (rich) { setPlain(now.text); setRich(false); } else { origin.current = { text: now.text, html: null }; setRich(true); }
    typed();
  };

  const title = subject || t("New message");
  const status: Record<Kept, string> = { new: "", typed: t("not kept yet"), keeping: t("keeping…"), kept: t("kept as a draft"), failed: t("not kept: it stays here") };
  const own = account ? [account.address, ...account.aliases.map((name) => `${name}@${account.domain}`)] : [];
  const faults = (field: string, list: readonly MailAddress[]) => list.map((_, index) => problem?.at(`/${field}/${index}`));
  const change = <T,>(set: (value: T) => void) => (value: T) => { set(value); typed(); };
  return (
    <>
      {folded && <button type="button" className="compose-folded" onClick={() => fold(key, false)}><Icon name="edit" /><span className="ellipsis">{title}</span></button>}
      <section hidden={folded} className={`compose ${full ? "full" : ""} ${over ? "over" : ""}`} aria-label={title} onKeyDown={keys} onDrop={drop} onPaste={paste} onDragOver={(event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); setOver(true); } }} onDragLeave={() => setOver(false)}>
        <header>
          <h2 className="grow ellipsis">{title}</h2>
          <span className={kept === "failed" ? "fault" : "muted"} role="status">{status[kept]}</span>
          <Button tone="quiet" icon="minus" aria-label={t("Fold")} onClick={() => fold(key, true)} />
          <Button tone="quiet" icon="full" className="wide-only" aria-label={t("Full size")} aria-pressed={full} onClick={() => setFull(!full)} />
          <Button tone="quiet" icon="close" aria-label={t("Close")} onClick={() => void shut()} />
        </header>
        <div className="compose-head">
          {own.length > 1 && <div className="people-field"><label htmlFor={`from${key}`}>{t("From")}</label><select id={`from${key}`} value={from || own[0]} onChange={(event) => change(setFrom)(event.target.value)}>{own.map((address) => <option key={address}>{address}</option>)}</select></div>}
          <div className="row nowrap tight">
            <div className="grow"><PeopleField label={t("To")} list={to} domain={account?.domain ?? ""} faults={faults("to", to)} autoFocus={to.length === 0} onChange={change(setTo)} /></div>
            {!copies && <Button tone="quiet" onClick={() => setCopies(true)}>{t("Cc, Bcc")}</Button>}
          </div>
          {copies && <PeopleField label={t("Cc")} list={cc} domain={account?.domain ?? ""} faults={faults("cc", cc)} onChange={change(setCc)} />}
          {copies && <PeopleField label={t("Bcc")} list={bcc} domain={account?.domain ?? ""} faults={faults("bcc", bcc)} onChange={change(setBcc)} />}
          <div className="people-field"><label htmlFor={`subject${key}`}>{t("Subject")}</label><input id={`subject${key}`} value={subject} autoComplete="off" onChange={(event) => change(setSubject)(event.target.value)} /></div>
        </div>
        <div className="compose-text">
          {rich ? <Suspense fallback={<Loading />}><Editor text={origin.current.text} html={origin.current.html} label={t("Text of the message")} autoFocus={to.length > 0} onReady={(handle) => { editor.current = handle; }} onChange={typed} /></Suspense>
            : <textarea aria-label={t("Text of the message")} autoFocus={to.length > 0} value={plain} onChange={(event) => change(setPlain)(event.target.value)} />}
        </div>
        {files.length > 0 && (
          <ul className="files plain" aria-label={t("Attachments")}>
            {files.map((file) => (
              <li key={file.key} className={`file ${file.fault ? "bad" : ""}`}>
                <Icon name="clip" /><span className="grow"><span className="name">{file.name}</span>{file.fault ? <span className="fault" role="alert">{file.fault}</span> : file.ref ? <span className="muted">{size(file.size)}</span> : <progress value={file.progress} max={1} aria-label={t("Uploading {name}", { name: file.name })} />}</span>
                <Button tone="quiet" icon="close" aria-label={t("Take {name} away", { name: file.name })} onClick={() => detach(file)} />
              </li>
            ))}
          </ul>
        )}
        <ProblemNote problem={problem} fields />
        <footer>
          <Button tone="primary" icon="send" busy={sending} disabled={everybody.length === 0 || rising} title="Ctrl Enter" onClick={() => void send()}>{t("Send")}</Button>
          <Button icon="clip" onClick={() => picker.current?.click()}>{t("Attach")}</Button>
          <input ref={picker} type="file" multiple hidden aria-label={t("Attach")} onChange={(event) => { attach(event.target.files ?? []); event.target.value = ""; }} />
          <span className="grow" />
          <Menu label={t("More")} up><button type="button" onClick={toggleForm}>{rich ? t("Write plain text") : t("Write with form")}</button></Menu>
          <Button tone="quiet" icon="trash" aria-label={t("Discard")} onClick={discard} />
        </footer>
      </section>
    </>
  );
}

/** Keeps a draft; when the old one is gone meanwhile, as a new one. */
async function store(old: string | undefined, body: Omit<Input<"createDraft">, "account">): Promise<{ id: string }> {
  if (!old) return call("createDraft", { ...ME, ...body });
  try {
    return await call("replaceDraft", { ...ME, id: old, ...body });
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.code === "wrong_state")) return call("createDraft", { ...ME, ...body });
    throw error;
  }
}

/** Calls a message back while it waits; the server has made a draft of it, which is gone on with. */
async function callBack(id: string, messageId: string, start: Start): Promise<void> {
  try {
    await call("cancelSubmission", { ...ME, id });
  } catch (error) {
    if (error instanceof Problem) tell(error); else throw error;
    return;
  }
  const { draftId: _, ...rest } = start;
  const drafts = await call("listMailboxes", ME).then(({ data }) => data.find((box) => box.role === "drafts"), () => undefined);
  const listed = drafts && await call("listMessages", { ...ME, mailbox: drafts.id, limit: 10 }).catch(() => undefined);
  const restored = listed?.data.find((one) => one.message_id === messageId);
  write({ ...rest, ...(restored ? { draftId: restored.id } : {}) });
  toast(t("Not sent: it is a draft again"));
  void refresh();
}
