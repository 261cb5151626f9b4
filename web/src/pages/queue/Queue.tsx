// Mail on its way: by destination, and message by message.
import { useState } from "react";
import { useAct, useCall, useLive, usePages, type Row } from "../../api/hooks";
import { session } from "../../api/session";
import { Button, Chip, Empty, Field, Menu, Tabs, Time } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { toast } from "../../components/toast";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { number, size } from "../../i18n/format";
import { holds } from "../../rights";
import { useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { MessageDrawer } from "./MessageDrawer";

type Tab = "destinations" | "messages";

export default function QueuePage() {
  useLive("queue");
  const [tab, setTab] = useSearch<Tab>("tab", "destinations");
  const { data: summary } = useCall("getQueueSummary", {}, { refetchInterval: 15_000 });
  return (
    <Page>
      <PageHead title={t("Queue")} chip={<span className="row tight">{summary?.data.filter((one) => one.recipients > 0).map((one) => <Chip key={one.module} tone="info">{choice(`queue_${one.module}`)}: {number(one.recipients)}</Chip>)}</span>} />
      <Tabs<Tab> label={t("Queue")} value={tab} onChange={setTab} tabs={[["destinations", t("Destinations")], ["messages", t("Messages")]]} />
      {tab === "destinations" ? <Destinations /> : <Messages />}
    </Page>
  );
}

function State({ state }: { state: string }) {
  return <Chip tone={state === "held" ? "warn" : state === "active" || state === "trying" ? "ok" : undefined}>{choice(state)}</Chip>;
}

function Destinations() {
  const { rows, ...page } = usePages("listQueues", { limit: 100 }, { refetchInterval: 30_000 });
  const [, setTab] = useSearch<Tab>("tab", "destinations");
  const [, setQueue] = useSearch<string>("queue", "");
  const [rejecting, setRejecting] = useState<Row<"listQueues"> | null>(null);
  const release = useAct("releaseQueue", (done) => toast(t("{n} recipients are tried now", { n: done.recipients })));
  const hold = useAct("holdQueue");
  const unhold = useAct("unholdQueue");
  const reroute = useAct("rerouteQueue", (done) => toast(t("The Router was asked again for {n} recipients", { n: done.recipients })));
  const may = holds(session.principal, "queue_control");
  return (
    <section className="card flush">
      <Table label="Destinations" rows={rows} id={(row) => `${row.module}/${row.name}`} onOpen={(row) => { setTab("messages"); setQueue(`${row.module}/${row.name}`); }} {...page} empty={<Empty>{t("Nothing waits: every message has gone where it should.")}</Empty>} columns={[
        { label: "Destination", cell: (row) => <span className="row tight"><Chip>{choice(`queue_${row.module}`)}</Chip><span className="mono">{row.name}</span></span> },
        { label: "State", cell: (row) => <State state={row.state} /> },
        { label: "Messages", end: true, cell: (row) => number(row.messages) },
        { label: "Oldest", cell: (row) => <Time at={row.oldest} /> },
        { label: "Next try", cell: (row) => <Time at={row.next_try} /> },
        { label: "Last answer", cell: (row) => <span className="muted">{row.last_error || "–"}</span> },
        may && { label: "Actions", fit: true, cell: (row) => {
          const key = { module: row.module, name: row.name };
          return (
            <span className="row tight" style={{ flexWrap: "nowrap" }}>
              <Button onClick={() => release.mutate(key, { onError: tell })}>{t("Try now")}</Button>
              <Menu label={t("More")}>
                {row.state === "held" ? <button type="button" onClick={() => unhold.mutate(key, { onError: tell })}>{t("End the hold")}</button> : <button type="button" onClick={() => hold.mutate(key, { onError: tell })}>{t("Hold")}</button>}
                <button type="button" onClick={() => reroute.mutate(key, { onError: tell })}>{t("Ask the Router again")}</button>
                <button type="button" className="danger" onClick={() => setRejecting(row)}>{t("Reject all")}</button>
              </Menu>
            </span>
          );
        } },
      ]} />
      {rejecting && <RejectQueue queue={rejecting} onClose={() => setRejecting(null)} />}
    </section>
  );
}

function RejectQueue({ queue, onClose }: { queue: Row<"listQueues">; onClose: () => void }) {
  const [text, setText] = useState("");
  const reject = useAct("rejectQueue", (done) => { toast(t("{n} recipients are rejected", { n: done.recipients })); onClose(); });
  return (
    <FormDialog title={t("Reject everything for {name}?", { name: queue.name })} action={t("Reject all")} danger busy={reject.isPending} problem={reject.error} onClose={onClose} onSubmit={() => reject.mutate({ module: queue.module, name: queue.name, ...(text ? { text } : {}) })}>
      <p>{t("{n} messages fail for good; their senders are told.", { n: queue.messages })}</p>
      <Field label={t("What the senders read")} fault={reject.error?.at("/text")}><input className="input" value={text} onChange={(event) => setText(event.target.value)} /></Field>
    </FormDialog>
  );
}

function Messages() {
  const [queue, setQueue] = useSearch<string>("queue", "");
  const [sender, setSender] = useSearch<string>("sender", "");
  const [recipient, setRecipient] = useSearch<string>("recipient", "");
  const [open, setOpen] = useSearch<string>("message", "");
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [module, name] = [queue.split("/")[0] ?? "", queue.split("/").slice(1).join("/")];
  const filter = { ...(name ? { module, queue: name } : {}), ...(sender ? { sender } : {}), ...(recipient ? { recipient } : {}) };
  const { rows, ...page } = usePages("listTransitMessages", { limit: 100, ...filter }, { refetchInterval: 30_000 });
  const release = useAct("releaseMessage");
  const hold = useAct("holdMessage");
  const remove = useAct("deleteTransitMessage");
  const each = (act: (number: number) => void) => { for (const one of chosen) act(Number(one)); setChosen(new Set()); };
  const may = holds(session.principal, "queue_control");
  return (
    <section className="card flush">
      <div className="bar">
        <input className="input mono" aria-label={t("Sender")} placeholder={t("Sender")} defaultValue={sender} onBlur={(event) => setSender(event.target.value.trim())} onKeyDown={(event) => { if (event.key === "Enter") setSender(event.currentTarget.value.trim()); }} />
        <input className="input mono" aria-label={t("Recipient")} placeholder={t("Recipient")} defaultValue={recipient} onBlur={(event) => setRecipient(event.target.value.trim())} onKeyDown={(event) => { if (event.key === "Enter") setRecipient(event.currentTarget.value.trim()); }} />
        {name && <Button tone="quiet" icon="close" onClick={() => setQueue("")}>{name}</Button>}
        {chosen.size > 0 && <span className="row tight"><strong>{t("{n} chosen", { n: chosen.size })}</strong><Button onClick={() => each((one) => release.mutate({ number: one }, { onError: tell }))}>{t("Try now")}</Button><Button onClick={() => each((one) => hold.mutate({ number: one }, { onError: tell }))}>{t("Hold")}</Button>
          <Button tone="danger" onClick={() => confirm({ title: t("Delete {n} messages?", { n: chosen.size }), text: t("They are taken away; nobody is told."), action: t("Delete"), danger: true, yes: () => each((one) => remove.mutate({ number: one }, { onError: tell })) })}>{t("Delete")}</Button></span>}
      </div>
      <Table label="Messages" rows={rows} id={(row) => String(row.number)} onOpen={(row) => setOpen(String(row.number))} open={open} {...page} {...(may ? { choice: { chosen, onChange: setChosen } } : {})} empty={<Empty>{t("No message is on its way.")}</Empty>} columns={[
        { label: "Number", cell: (row) => <button type="button" className="copy" style={{ color: "var(--accent)", cursor: "pointer" }} onClick={() => setOpen(String(row.number))}>{row.number}</button> },
        { label: "Sender", cell: (row) => <span className="mono">{row.return_path || "<>"}</span> },
        { label: "Recipients", cell: (row) => <span className="mono">{row.recipients.slice(0, 3).map((one) => one.address).join(", ")}{row.recipients.length > 3 && ` +${row.recipients.length - 3}`}</span> },
        { label: "State", cell: (row) => (row.held ? <State state="held" /> : <State state={row.recipients[0]?.state ?? "waiting"} />) },
        { label: "Size", end: true, cell: (row) => size(row.size) },
        { label: "Since", cell: (row) => <Time at={row.queued_at} /> },
        { label: "Last answer", cell: (row) => <span className="muted">{row.recipients.find((one) => one.last_reply)?.last_reply ?? "–"}</span> },
      ]} />
      {open && <MessageDrawer number={Number(open)} onClose={() => setOpen("")} />}
    </section>
  );
}
