// Messages between people: conversations, what was said, and how everybody can be reached.
import "./messages.css";
import { useEffect, useLayoutEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { call, onceKey, Problem } from "../../api/client";
import { session } from "../../api/session";
import { queries, useAct, useCall, useLive, usePages } from "../../api/hooks";
import type { AccountPresence, Conversation, ImMessage, ImState, PresenceStatus } from "../../api/generated/types";
import { Button, Empty, Field, Loading, Menu, Time } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { t, type Key } from "../../i18n";
import { clock, day, moment, number } from "../../i18n/format";
import { navigate, useSearch } from "../../router";
import { hue, initials } from "../mail/people";

const ME = { account: "me" } as const;
const PAGE = 50;
/** Others do not tell us when they come and go; they are looked for this often. */
const LOOK_MS = 5_000;
const statuses: Record<PresenceStatus, Key> = { online: "Online", away: "Away", dnd: "Do not disturb", busy: "Busy", offline: "Offline", invisible: "Invisible" };
const states: Record<ImState, Key> = { delivered: "delivered", stored: "kept for later", waiting: "on its way", failed: "not delivered" };

const person = (peer: string) => ({ name: "", email: peer });
const talkTo = (peer: string) => navigate(peer ? `/messages?with=${encodeURIComponent(peer)}` : "/messages");

export default function Messages() {
  useLive("im", "calls");
  const [peer] = useSearch("with", "");
  const [adding, setAdding] = useState(false);
  const { rows, loading, error, more, readOn } = usePages("listConversations", { ...ME, limit: PAGE });
  return (
    <main className={`messages ${peer ? "talking" : ""}`} id="content">
      <h1 className="hidden">{t("Messages")}</h1>
      <section className="conversations" aria-label={t("Conversations")}>
        <OwnPresence />
        <div className="row" style={{ padding: "0 12px 8px" }}><Button icon="plus" className="grow" onClick={() => setAdding(true)}>{t("New conversation")}</Button></div>
        {error ? <ProblemNote problem={error} /> : loading ? <Loading /> : rows.length === 0 ? <Empty>{t("No conversations yet.")}</Empty> : (
          <ul className="plain conversation-list">
            {rows.map((one) => <li key={one.peer}><Row conversation={one} current={one.peer === peer} /></li>)}
            {more && <li><Button tone="quiet" onClick={readOn}>{t("Show more")}</Button></li>}
          </ul>
        )}
      </section>
      {peer ? <Talk key={peer} peer={peer} unread={rows.find((one) => one.peer === peer)?.unread ?? 0} /> : <section className="talk-empty"><p className="muted">{t("Choose a conversation, or begin one.")}</p></section>}
      {adding && <NewConversation onClose={() => setAdding(false)} />}
    </main>
  );
}

function Row({ conversation: { peer, last, unread }, current }: { conversation: Conversation; current: boolean }) {
  return (
    <a href={`/messages?with=${encodeURIComponent(peer)}`} className="conversation" aria-current={current ? "true" : undefined} onClick={(event) => { if (!event.metaKey && !event.ctrlKey) { event.preventDefault(); talkTo(peer); } }}>
      <span className="avatar" style={{ background: `hsl(${hue(person(peer))} 45% 30%)` }} aria-hidden="true">{initials(person(peer))}</span>
      <span className="grow">
        <span className="row nowrap tight"><strong className="grow ellipsis">{peer}</strong><span className="muted when"><Time at={last.sent_at} /></span></span>
        <span className="row nowrap tight"><span className="muted grow ellipsis">{last.outgoing && `${t("You")}: `}{last.text}</span>{unread > 0 && <span className="badge numbers" title={t("{n} unread", { n: number(unread) })}>{number(unread)}</span>}</span>
      </span>
    </a>
  );
}

function OwnPresence() {
  const { data } = useCall("getPresence", ME);
  const [note, setNote] = useState<string | null>(null);
  const [wanted, setWanted] = useState<PresenceStatus | null>(null);
  const set = useAct("setPresence", (now, { note: sent }) => { queries.setQueryData(["getPresence", ME], now); setNote((typed) => (typed === sent ? null : typed)); setWanted(null); });
  if (!data) return <div className="own-presence" />;
  const status = wanted ?? data.status;
  const save = (status: PresenceStatus, text: string) => { setWanted(status); set.mutate({ ...ME, status, note: text }, { onError: tell }); };
  return (
    <div className="own-presence">
      <Dot presence={data} />
      <select className="input" aria-label={t("How you can be reached")} value={status} onChange={(event) => save(event.target.value as PresenceStatus, note ?? data.note)}>
        {(Object.keys(statuses) as PresenceStatus[]).map((one) => <option key={one} value={one}>{t(statuses[one])}</option>)}
      </select>
      <form className="grow" onSubmit={(event) => { event.preventDefault(); if (note !== null) save(status, note); }}>
        <input className="input" aria-label={t("What you add")} placeholder={t("What you add")} maxLength={1000} value={note ?? data.note} onChange={(event) => setNote(event.target.value)} onBlur={() => { if (note !== null && note !== data.note) save(status, note); }} />
      </form>
    </div>
  );
}

function Dot({ presence }: { presence: AccountPresence | undefined }) {
  const status = presence?.status ?? "offline";
  return <span className={`presence ${status}`} role="img" aria-label={t(statuses[status])} title={t(statuses[status])} />;
}

function NewConversation({ onClose }: { onClose: () => void }) {
  const [peer, setPeer] = useState("");
  return (
    <FormDialog title={t("New conversation")} action={t("Begin")} busy={false} problem={null} disabled={peer.trim() === ""} onClose={onClose} onSubmit={() => { onClose(); talkTo(peer.trim()); }}>
      <Field label={t("With whom")} help={t("An address, or a name or number of your domain.")}><input className="input" autoFocus autoCapitalize="none" spellCheck={false} value={peer} onChange={(event) => setPeer(event.target.value)} /></Field>
    </FormDialog>
  );
}

/** What is typed and not sent yet, for each conversation. */
const begun = new Map<string, string>();
session.subscribe(() => { if (session.state() === "out") begun.clear(); });

function Talk({ peer, unread }: { peer: string; unread: number }) {
  const { rows, loading, error, more, readOn } = usePages("listImMessages", { ...ME, peer, limit: PAGE });
  const { data: presence } = useCall("getPresence", { account: peer }, { enabled: peer.includes("@"), retry: false, refetchInterval: LOOK_MS });
  const remove = useAct("deleteConversation", () => { begun.delete(peer); talkTo(""); });
  const newest = rows[0]?.id;
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (unread === 0 || !newest || document.visibilityState !== "visible") return;
    void call("markRead", { ...ME, peer, until: newest }).then(() => queries.invalidateQueries({ queryKey: ["listConversations"] }), () => undefined);
  }, [unread, newest, peer]);
  useLayoutEffect(() => { end.current?.scrollIntoView({ block: "end" }); }, [newest]);
  const missing = error?.status === 404;
  return (
    <section className="talk" aria-label={peer}>
      <header>
        <Button tone="quiet" icon="back" className="narrow-only" aria-label={t("Back to the list")} onClick={() => talkTo("")} />
        <div className="grow"><h2 className="row tight"><Dot presence={presence} /><span className="ellipsis">{peer}</span></h2><div className="muted ellipsis">{presence ? [t(statuses[presence.status]), presence.on_the_phone ? t("in a call") : "", presence.note].filter(Boolean).join(" · ") : ""}</div></div>
        <Menu label={t("More")}><button type="button" className="danger" onClick={() => confirm({ title: t("Delete this conversation?"), text: t("Your copy of all its messages goes; the other side keeps its own."), action: t("Delete"), danger: true, yes: () => remove.mutate({ ...ME, peer }, { onError: tell }) })}>{t("Delete conversation")}</button></Menu>
      </header>
      <div className="said" tabIndex={0} role="log" aria-label={t("What was said")}>
        {error && !missing && <ProblemNote problem={error} />}
        {loading && <Loading />}
        {more && <Button tone="quiet" onClick={readOn}>{t("Earlier messages")}</Button>}
        {[...rows].reverse().map((one, index, all) => <Said key={one.id} message={one} before={all[index - 1]} />)}
        <div ref={end} />
      </div>
      <Write peer={peer} />
    </section>
  );
}

function Said({ message, before }: { message: ImMessage; before: ImMessage | undefined }) {
  const { outgoing, text, sent_at: at, state } = message;
  return (
    <>
      {(!before || day(before.sent_at) !== day(at)) && <div className="day">{day(at)}</div>}
      <div className={`bubble ${outgoing ? "mine" : ""} ${state === "failed" ? "failed" : ""}`}>
        <div className="said-text" dir="auto">{text}</div>
        <div className="said-foot"><time dateTime={at} title={moment(at)}>{clock(at)}</time>{outgoing && <span> · {t(states[state])}</span>}</div>
      </div>
    </>
  );
}

function Write({ peer }: { peer: string }) {
  const [text, setText] = useState(begun.get(peer) ?? "");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const once = useRef<string>(undefined);
  const change = (next: string) => { setText(next); begun.set(peer, next); once.current = undefined; setProblem(null); };
  const send = async (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === "" || busy) return;
    setBusy(true);
    once.current ??= onceKey();
    try {
      const sent = await call("sendIm", { ...ME, peer, text }, { once: once.current });
      change("");
      void queries.invalidateQueries({ queryKey: ["listImMessages"] });
      void queries.invalidateQueries({ queryKey: ["listConversations"] });
      // A name or number alone was completed by the server.
      if (sent.peer !== peer) talkTo(sent.peer);
    } catch (error) {
      if (error instanceof Problem) setProblem(error); else throw error;
    } finally {
      setBusy(false);
    }
  };
  const keys = (event: KeyboardEvent) => { if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) { event.preventDefault(); void send(); } };
  return (
    <form className="write" onSubmit={(event) => void send(event)}>
      <ProblemNote problem={problem} />
      <div className="row nowrap">
        <textarea className="input" rows={Math.min(6, text.split("\n").length)} aria-label={t("Message to {name}", { name: peer })} placeholder={t("Message")} value={text} onChange={(event) => change(event.target.value)} onKeyDown={keys} autoFocus />
        <Button type="submit" tone="primary" icon="send" aria-label={t("Send")} busy={busy} disabled={text.trim() === ""} />
      </div>
    </form>
  );
}
