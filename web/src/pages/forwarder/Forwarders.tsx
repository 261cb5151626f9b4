// Forwarders of a domain: a name that stands for an address elsewhere.
import { useState } from "react";
import { useAct, usePages } from "../../api/hooks";
import type { Forwarder } from "../../api/generated/types";
import { Button, Empty, Field, Menu } from "../../components/controls";
import { confirm, FormDialog } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { t } from "../../i18n";

export function Forwarders({ domain }: { domain: string }) {
  const [edited, setEdited] = useState<Forwarder | "new" | null>(null);
  const { rows, ...page } = usePages("listForwarders", { domain, limit: 100 });
  const remove = useAct("deleteForwarder");
  const create = <Button tone="primary" icon="plus" onClick={() => setEdited("new")}>{t("Create forwarder")}</Button>;
  return (
    <>
      <section className="card flush">
        {rows.length > 0 && <div className="bar">{create}</div>}
        <Table label="Forwarders" rows={rows} id={(row) => row.id} onOpen={setEdited} {...page} empty={<Empty action={create}>{t("A forwarder is a name that leads elsewhere.")}</Empty>} columns={[
          { label: "Name", cell: (row) => <span className="mono">{row.name}</span> },
          { label: "Leads to", cell: (row) => <span className="mono">{row.to}</span> },
          { label: "Actions", fit: true, cell: (row) => (
            <Menu label={t("More")}>
              <button type="button" onClick={() => setEdited(row)}>{t("Change")}</button>
              <button type="button" className="danger" onClick={() => confirm({ title: t("Delete {name}?", { name: row.name }), text: t("Mail and calls for it are refused afterwards."), action: t("Delete"), danger: true, yes: () => remove.mutate({ domain, name: row.name }, { onError: tell }) })}>{t("Delete")}</button>
            </Menu>
          ) },
        ]} />
      </section>
      {edited && <Edit domain={domain} forwarder={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </>
  );
}

function Edit({ domain, forwarder, onClose }: { domain: string; forwarder: Forwarder | null; onClose: () => void }) {
  const [name, setName] = useState(forwarder?.name ?? "");
  const [to, setTo] = useState(forwarder?.to ?? "");
  const create = useAct("createForwarder", onClose);
  const update = useAct("updateForwarder", onClose);
  const act = forwarder ? update : create;
  return (
    <FormDialog title={forwarder ? t("Change {name}", { name: forwarder.name }) : t("Create forwarder")} action={forwarder ? t("Save") : t("Create forwarder")} busy={act.isPending} problem={act.error} onClose={onClose}
      onSubmit={() => (forwarder ? update.mutate({ domain, name: forwarder.name, to: to.trim(), $options: { version: forwarder.version } }) : create.mutate({ domain, name: name.trim(), to: to.trim() }))}>
      {!forwarder && <Field label={t("Name")} help={`${name.trim() || "…"}@${domain}`} fault={act.error?.at("/name")}><input className="input mono" autoFocus autoCapitalize="none" value={name} onChange={(event) => setName(event.target.value)} /></Field>}
      <Field label={t("Leads to")} help={t("An address, a name of this domain or a telephone number.")} fault={act.error?.at("/to")}><input className="input mono" autoFocus={forwarder !== null} autoCapitalize="none" value={to} onChange={(event) => setTo(event.target.value)} /></Field>
    </FormDialog>
  );
}
