import { useState } from "react";
import { useAct, useLive, usePages } from "../../api/hooks";
import { Button, Chip, Empty, Field, Time } from "../../components/controls";
import { FormDialog } from "../../components/Dialog";
import { Table } from "../../components/Table";
import { t } from "../../i18n";
import { navigate, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { session } from "../../api/session";
import { holds } from "../../rights";

export const domainPath = (name: string) => `/users/domains/${encodeURIComponent(name)}`;

export default function Domains() {
  useLive("domains");
  const [creating, setCreating] = useSearch("create", "");
  const { rows, ...page } = usePages("listDomains", { limit: 100 });
  const may = holds(session.principal, "domains_all");
  const create = may && <Button tone="primary" icon="plus" onClick={() => setCreating("1")}>{t("Create domain")}</Button>;
  return (
    <Page>
      <PageHead title={t("Domains")}>{create}</PageHead>
      <section className="card flush">
        <Table label="Domains" rows={rows} id={(row) => row.id} to={(row) => domainPath(row.name)} {...page} empty={<Empty action={create}>{t("There is no domain yet.")}</Empty>} columns={[
          { label: "Name", cell: (row) => <a href={domainPath(row.name)} onClick={(event) => { event.preventDefault(); navigate(domainPath(row.name)); }}>{row.name}</a> },
          { label: "State", cell: (row) => <DomainState state={row.state} builtin={row.builtin} /> },
          { label: "Other names", cell: (row) => row.aliases.join(", ") || <span className="muted">–</span> },
          { label: "Addresses", cell: (row) => <span className="mono">{row.assigned_ips.join(", ") || "–"}</span> },
          { label: "Created", cell: (row) => <Time at={row.created_at} /> },
        ]} />
      </section>
      {creating && <CreateDomain onClose={() => setCreating("")} />}
    </Page>
  );
}

export function DomainState({ state, builtin }: { state: string; builtin: boolean }) {
  return <span className="row tight">{builtin && <Chip tone="info">{t("main domain")}</Chip>}{state === "active" ? <Chip tone="ok">{t("active")}</Chip> : <Chip tone="warn">{t("suspended")}</Chip>}</span>;
}

function CreateDomain({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [aliases, setAliases] = useState("");
  const create = useAct("createDomain", (domain) => navigate(domainPath(domain.name)));
  return (
    <FormDialog title={t("Create domain")} action={t("Create domain")} busy={create.isPending} problem={create.error} onClose={onClose} onSubmit={() => create.mutate({ name: name.trim(), aliases: words(aliases) })}>
      <Field label={t("Name")} fault={create.error?.at("/name")}><input className="input mono" autoFocus required autoCapitalize="none" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} placeholder="client1.example" /></Field>
      <Field label={t("Other names")} help={t("Names that mean the same domain, parted by blanks.")} fault={create.error?.at("/aliases")}><input className="input mono" autoCapitalize="none" spellCheck={false} value={aliases} onChange={(event) => setAliases(event.target.value)} /></Field>
    </FormDialog>
  );
}

/** Words parted by blanks, commas or lines. */
export const words = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);
