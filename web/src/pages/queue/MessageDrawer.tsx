// A message on its way: envelope, story, header, and what can be done with it.
import { useState } from "react";
import { download } from "../../api/client";
import { useAct, useCall, useLive } from "../../api/hooks";
import { session } from "../../api/session";
import { Button, Chip, Copy, Facts, Field, Loading, Menu, Note, Time } from "../../components/controls";
import { confirm, Dialog, FormDialog } from "../../components/Dialog";
import { ProblemNote, tell } from "../../components/ProblemNote";
import { Story } from "../../components/Story";
import { save } from "../../components/Table";
import { toast } from "../../components/toast";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";
import { size } from "../../i18n/format";
import { holds } from "../../rights";
import { Link } from "../../router";
import { words } from "../domain/Domains";

export function MessageDrawer({ number, onClose }: { number: number; onClose: () => void }) {
  useLive("queue");
  const { data, error } = useCall("getTransitMessage", { number }, { placeholderData: undefined });
  const [asking, setAsking] = useState<"" | "reject" | "redirect">("");
  const release = useAct("releaseMessage", () => toast(t("It is tried now.")));
  const hold = useAct("holdMessage");
  const unhold = useAct("unholdMessage");
  const reroute = useAct("rerouteMessage", () => toast(t("The Router was asked again.")));
  const remove = useAct("deleteTransitMessage", onClose);
  const may = holds(session.principal, "queue_control");
  const key = { number };
  return (
    <Dialog title={t("Message {n}", { n: number })} kind="drawer" onClose={onClose}>
      {error?.code === "not_found" ? <Note>{t("This message is not on its way any more.")} <Link to={`/trace?q=${number}`} onClick={onClose}>{t("Trace")}</Link></Note> : <ProblemNote problem={error} />}
      {!data && !error && <Loading />}
      {data && (
        <>
          {may && (
            <div className="row">
              <Button tone="primary" onClick={() => release.mutate(key, { onError: tell })}>{t("Try now")}</Button>
              {data.held ? <Button onClick={() => unhold.mutate(key, { onError: tell })}>{t("End the hold")}</Button> : <Button onClick={() => hold.mutate(key, { onError: tell })}>{t("Hold")}</Button>}
              <Menu label={t("More")}>
                <button type="button" onClick={() => reroute.mutate(key, { onError: tell })}>{t("Ask the Router again")}</button>
                <button type="button" onClick={() => setAsking("redirect")}>{t("Give to others")}</button>
                <hr />
                <button type="button" className="danger" onClick={() => setAsking("reject")}>{t("Reject")}</button>
                <button type="button" className="danger" onClick={() => confirm({ title: t("Delete message {n}?", { n: number }), text: t("It is taken away; nobody is told."), action: t("Delete"), danger: true, yes: () => remove.mutate(key, { onError: tell }) })}>{t("Delete")}</button>
              </Menu>
              {data.held && <Chip tone="warn">{choice("held")}</Chip>}
            </div>
          )}
          <Facts of={[
            ["Sender", <Copy key="s" text={data.return_path || "<>"} />],
            ["From", <span key="f" className="mono">{data.source}{data.authenticated ? ` (${data.authenticated})` : ""}</span>],
            ["Size", size(data.size)],
            ["Since", <Time key="t" at={data.queued_at} />],
          ]} />
          <h3>{t("Recipients")}</h3>
          <ul className="plain stack tight">{data.recipients.map((one) => (
            <li key={one.n}><div className="row tight"><Copy text={one.address} /><Chip tone={one.state === "held" ? "warn" : undefined}>{choice(one.state)}</Chip></div>
              <div className="muted">{choice(`queue_${one.module}`)} {one.queue} · {t("{n} tries", { n: one.attempts })} · {t("Next try")} <Time at={one.next_try} /></div>
              {one.last_reply && <div className="mono muted">{one.last_reply}</div>}</li>
          ))}</ul>
          <h3>{t("What happened")}</h3>
          <Story events={data.events ?? []} />
          {holds(session.principal, "mailbox_read_all") && <div className="row"><Button icon="download" title={t("Reading mail of others is recorded.")} onClick={() => void download("downloadTransitMessage", key, "message/rfc822").then((content) => save(`${number}.eml`, content), tell)}>{t("Download message")}</Button></div>}
          <details><summary>{t("Header")}</summary><pre className="mono" style={{ marginTop: "8px" }}>{data.headers?.map((field) => `${field.name}: ${field.value}`).join("\n")}</pre></details>
        </>
      )}
      {asking === "reject" && <Reject number={number} onClose={() => setAsking("")} onDone={onClose} />}
      {asking === "redirect" && <Redirect number={number} onClose={() => setAsking("")} />}
    </Dialog>
  );
}

function Reject({ number, onClose, onDone }: { number: number; onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState("");
  const reject = useAct("rejectMessage", () => { toast(t("Rejected; the sender is told.")); onDone(); });
  return (
    <FormDialog title={t("Reject message {n}?", { n: number })} action={t("Reject")} danger busy={reject.isPending} problem={reject.error} onClose={onClose} onSubmit={() => reject.mutate({ number, ...(text ? { text } : {}) })}>
      <Field label={t("What the senders read")} fault={reject.error?.at("/text")}><input className="input" autoFocus value={text} onChange={(event) => setText(event.target.value)} /></Field>
    </FormDialog>
  );
}

function Redirect({ number, onClose }: { number: number; onClose: () => void }) {
  const [to, setTo] = useState("");
  const redirect = useAct("redirectMessage", () => { toast(t("It goes to others now.")); onClose(); });
  return (
    <FormDialog title={t("Give to others")} action={t("Give to others")} busy={redirect.isPending} problem={redirect.error} onClose={onClose} onSubmit={() => redirect.mutate({ number, to: words(to) })}>
      <Field label={t("Recipients")} help={t("These get it instead of everybody who still waits for it; parted by blanks.")} fault={redirect.error?.under("")}><input className="input mono" autoFocus value={to} onChange={(event) => setTo(event.target.value)} /></Field>
    </FormDialog>
  );
}
