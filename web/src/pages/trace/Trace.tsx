// One search for "why": messages and calls of an address, mixed in time, each with its story.
import { useState } from "react";
import { usePages, useCall } from "../../api/hooks";
import type { CallRecord, MailTrace } from "../../api/generated/types";
import { Button, Chip, Copy, Empty, Time } from "../../components/controls";
import { Dialog } from "../../components/Dialog";
import { Story } from "../../components/Story";
import { Table } from "../../components/Table";
import { t } from "../../i18n";
import { Link, navigate, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { callPath, cause, party, plain } from "../call/parts";

type Found = { at: string; mail: MailTrace; call?: never } | { at: string; call: CallRecord; mail?: never };

const from = (mail: MailTrace) => String((mail.events.find((event) => event.kind === "received")?.detail as { from?: string } | undefined)?.from ?? "");
const to = (mail: MailTrace): string[] => [...new Set(mail.events.flatMap((event) => { const { to: list } = event.detail as { to?: string | string[] }; return list === undefined ? [] : Array.isArray(list) ? list : [list]; }))];

export default function Trace() {
  const [query, setQuery] = useSearch<string>("q", "");
  const [open, setOpen] = useSearch<string>("mail", "");
  const [typed, setTyped] = useState<string>(query);
  const number = /^\d{1,12}$/.test(query) ? query : "";
  const address = query.includes("@") && !query.startsWith("<");
  const filter = query === "" ? {} : number ? { number } : address ? { sender: query } : { message_id: query.replace(/^<|>$/g, "") };
  const sent = usePages("searchMailTrace", { limit: 50, ...filter });
  const received = usePages("searchMailTrace", { limit: 50, recipient: query }, { enabled: address });
  const calls = usePages("listCdr", { limit: 50, ...(query ? { number: query } : {}) }, { enabled: query === "" || address || /^[+\d*#]+$/.test(query) });
  const mails = [...new Map([...sent.rows, ...(address ? received.rows : [])].map((mail) => [mail.trace_id, mail])).values()];
  const rows: Found[] = [...mails.map((mail): Found => ({ at: mail.events[0]?.at ?? "", mail })), ...calls.rows.map((call): Found => ({ at: call.started_at, call }))].sort((a, b) => b.at.localeCompare(a.at));
  return (
    <Page>
      <PageHead title={t("Trace")} />
      <form className="row" role="search" onSubmit={(event) => { event.preventDefault(); setQuery(typed.trim()); }}>
        <input className="input mono grow" style={{ width: "auto", maxWidth: "560px" }} type="search" aria-label={t("Address, Message-ID, number")} placeholder={t("Address, Message-ID, number")} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Button type="submit" tone="primary">{t("Search")}</Button>
      </form>
      <section className="card flush">
        <Table<Found> label="Trace" rows={rows} id={(row) => row.mail?.trace_id ?? row.call?.id ?? ""} onOpen={(row) => (row.mail ? setOpen(row.mail.trace_id) : row.call && navigate(callPath(row.call.id)))} open={open}
          loading={sent.loading} error={sent.error} more={sent.more || calls.more} readOn={() => { if (sent.more) sent.readOn(); if (calls.more) calls.readOn(); }} empty={<Empty>{query ? t("Nothing is known of that.") : t("No message and no call yet.")}</Empty>} columns={[
            { label: "When", cell: (row) => <Time at={row.at} /> },
            { label: "What", cell: (row) => (row.mail ? <Chip tone="info">{t("Mail")}</Chip> : <Chip tone="ok">{t("Call")}</Chip>) },
            { label: "From", cell: (row) => <span className="mono">{row.mail ? from(row.mail) || "<>" : row.call && party(row.call.caller)}</span> },
            { label: "To", cell: (row) => <span className="mono">{row.mail ? to(row.mail).join(", ") : plain(row.call?.dialled ?? "")}</span> },
            { label: "What became of it", cell: (row) => (row.mail ? <Outcome mail={row.mail} /> : row.call && <Chip tone={row.call.answered_at ? "ok" : "warn"}>{cause(row.call)}</Chip>) },
          ]} />
      </section>
      {open && <MailStory id={open} onClose={() => setOpen("")} />}
    </Page>
  );
}

function Outcome({ mail }: { mail: MailTrace }) {
  if (mail.waiting.length > 0) return <Chip tone="warn">{t("{n} recipients wait", { n: mail.waiting.length })}</Chip>;
  if (mail.events.some((event) => event.kind === "failed" || event.kind === "rejected")) return <Chip tone="error">{t("failed")}</Chip>;
  return <Chip tone="ok">{t("done")}</Chip>;
}

function MailStory({ id, onClose }: { id: string; onClose: () => void }) {
  const { data } = useCall("getMailTrace", { trace_id: id }, { placeholderData: undefined });
  return (
    <Dialog title={t("What happened to this message")} kind="drawer" onClose={onClose}>
      {data && (
        <>
          <div className="row"><Copy text={data.message_id} /></div>
          <Story events={data.events} />
          {data.waiting.length > 0 && <p>{t("{n} recipients wait", { n: data.waiting.length })}: <Link to={`/monitors/queue?tab=messages&message=${data.number}`} onClick={onClose}>{t("Message {n}", { n: data.number })}</Link></p>}
          <div className="row"><Button onClick={() => void navigator.clipboard?.writeText(JSON.stringify(data, null, 2))}>{t("Copy as text")}</Button></div>
        </>
      )}
    </Dialog>
  );
}
