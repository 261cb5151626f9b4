// Whom one knows: how they can be reached, who asks to see the same of oneself.
import { useState } from "react";
import { useAct, useCall, useLive, usePages } from "../../api/hooks";
import type { Buddy } from "../../api/generated/types";
import { Button, Chip, Copy, Empty, Field, Menu } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { t } from "../../i18n";
import { Link } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { Reachable } from "./Reachable";

const ME = { account: "me" } as const;
const sees = (one: Buddy) => one.subscription === "to" || one.subscription === "both";
const shows = (one: Buddy) => one.subscription === "from" || one.subscription === "both";

export default function Roster() {
  useLive("im");
  const [edited, setEdited] = useState<Buddy | "new" | null>(null);
  const { rows, ...page } = usePages("listRoster", { ...ME, limit: 100 });
  const { data: me } = useCall("getAccount", ME, { staleTime: 60_000 });
  const approve = useAct("approveSubscription");
  const remove = useAct("removeBuddy");
  const waiting = rows.filter((one) => one.waiting);
  const add = <Button tone="primary" icon="plus" onClick={() => setEdited("new")}>{t("Add somebody")}</Button>;
  const letSee = (one: Buddy, yes: boolean) => approve.mutate({ ...ME, peer: one.peer, approve: yes }, { onError: tell });
  return (
    <Page>
      <PageHead title={t("People")}>{rows.length > 0 && add}</PageHead>
      {waiting.length > 0 && (
        <section className="card stack" aria-label={t("They ask to see whether you can be reached")}>
          <h2>{t("They ask to see whether you can be reached")}</h2>
          {waiting.map((one) => <div key={one.peer} className="row"><span className="grow mono">{one.peer}</span><Button tone="primary" onClick={() => letSee(one, true)}>{t("Allow")}</Button><Button onClick={() => letSee(one, false)}>{t("Refuse")}</Button></div>)}
        </section>
      )}
      <section className="card flush">
        <Table label="People" rows={rows.filter((one) => one.known)} id={(row) => row.peer} {...page} empty={<Empty action={add}>{t("Nobody yet. Whom you add may let you see whether they can be reached.")}</Empty>} columns={[
          { label: "Name", cell: (row) => <span><strong>{row.name || row.peer}</strong>{row.name && <span className="muted"> {row.peer}</span>}</span> },
          { label: "Reachable", cell: (row) => (sees(row) ? <Reachable address={row.peer} /> : row.asked ? <Chip>{t("asked")}</Chip> : <span className="muted">–</span>) },
          { label: "Sees you", cell: (row) => (shows(row) ? t("yes") : t("no")) },
          { label: "Groups", cell: (row) => row.groups.join(", ") },
          { label: "Actions", fit: true, cell: (row) => (
            <span className="row tight" style={{ flexWrap: "nowrap" }}>
              <Link to={`/messages?with=${encodeURIComponent(row.peer)}`} className="button">{t("Write a message")}</Link>
              <Menu label={t("More")}>
                <button type="button" onClick={() => setEdited(row)}>{t("Change")}</button>
                {shows(row) && <button type="button" onClick={() => letSee(row, false)}>{t("Hide from them whether you can be reached")}</button>}
                <button type="button" className="danger" onClick={() => confirm({ title: t("Remove {name}?", { name: row.name || row.peer }), text: t("Neither of you sees any more whether the other can be reached."), action: t("Remove"), danger: true, yes: () => remove.mutate({ ...ME, peer: row.peer }, { onError: tell }) })}>{t("Remove")}</button>
              </Menu>
            </span>
          ) },
        ]} />
      </section>
      {me && rows.length > 0 && <p className="row tight muted">{t("A telephone that can watch a list shows all of them, and who is on the phone, when it watches")} <Copy text={`roster@${me.domain}`} /></p>}
      {edited && <Edit buddy={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

function Edit({ buddy, onClose }: { buddy: Buddy | null; onClose: () => void }) {
  const [peer, setPeer] = useState("");
  const [name, setName] = useState(buddy?.name ?? "");
  const [groups, setGroups] = useState(buddy?.groups.join(", ") ?? "");
  const add = useAct("addBuddy", onClose);
  const update = useAct("updateBuddy", onClose);
  const act = buddy ? update : add;
  const said = { name: name.trim(), groups: groups.split(",").map((one) => one.trim()).filter(Boolean) };
  return (
    <FormDialog title={buddy ? t("Change {name}", { name: buddy.name || buddy.peer }) : t("Add somebody")} action={buddy ? t("Save") : t("Add")} busy={act.isPending} problem={act.error} onClose={onClose}
      onSubmit={() => (buddy ? update.mutate({ ...ME, peer: buddy.peer, ...said }) : add.mutate({ ...ME, peer: peer.trim(), ...said }))}>
      {!buddy && <Field label={t("Address")} help={t("An address, or a name or number of your domain.")} fault={act.error?.at("/peer")}><input className="input mono" autoFocus autoCapitalize="none" value={peer} onChange={(event) => setPeer(event.target.value)} /></Field>}
      <Field label={t("Name")} fault={act.error?.at("/name")}><input className="input" autoFocus={buddy !== null} value={name} onChange={(event) => setName(event.target.value)} /></Field>
      <Field label={t("Groups")} help={t("Parted by commas.")} fault={act.error?.at("/groups")}><input className="input" value={groups} onChange={(event) => setGroups(event.target.value)} /></Field>
    </FormDialog>
  );
}
