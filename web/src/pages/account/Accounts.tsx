// All accounts the administrator may see, also deleted ones that can come back.
import { useState } from "react";
import { useLive, usePages } from "../../api/hooks";
import { Button, Empty } from "../../components/controls";
import { csv, save, Table } from "../../components/Table";
import { t } from "../../i18n";
import { size } from "../../i18n/format";
import { Link, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { accountPath, AccountState } from "./parts";

export default function Accounts() {
  useLive("accounts");
  const [query, setQuery] = useSearch<string>("q", "");
  const [state, setState] = useSearch<"" | "active" | "suspended" | "deleted">("state", "");
  const [typed, setTyped] = useState<string>(query);
  const { rows, ...page } = usePages("listAccounts", { limit: 100, ...(query ? { q: query } : {}), ...(state ? { state } : {}) });
  const file = () => save("accounts.csv", new Blob([csv(["address", "real_name", "state", "aliases", "telnums", "used_bytes"], rows.map((row) => [row.address, row.real_name, row.state, row.aliases.join(" "), row.telnums.join(" "), row.used_bytes]))], { type: "text/csv" }));
  return (
    <Page>
      <PageHead title={t("Accounts")}><Button icon="download" onClick={file} disabled={rows.length === 0}>CSV</Button></PageHead>
      <section className="card flush">
        <form className="bar" role="search" onSubmit={(event) => { event.preventDefault(); setQuery(typed.trim()); }}>
          <input className="input" type="search" aria-label={t("Search")} placeholder={t("Name, person, number")} value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={() => setQuery(typed.trim())} />
          <select className="input" aria-label={t("State")} value={state} onChange={(event) => setState(event.target.value as "")}>
            <option value="">{t("Active and suspended")}</option><option value="active">{t("active")}</option><option value="suspended">{t("suspended")}</option><option value="deleted">{t("deleted")}</option>
          </select>
        </form>
        <Table label="Accounts" rows={rows} id={(row) => row.id} to={(row) => accountPath(row.state === "deleted" ? row.id : row.address)} {...page} empty={<Empty>{t("No account is like that.")}</Empty>} columns={[
          { label: "Address", cell: (row) => <Link to={accountPath(row.state === "deleted" ? row.id : row.address)} className="mono">{row.address}</Link> },
          { label: "Person", cell: (row) => row.real_name || <span className="muted">–</span> },
          { label: "State", cell: (row) => <AccountState account={row} /> },
          { label: "Other names", cell: (row) => [...row.aliases, ...row.telnums].join(", ") || <span className="muted">–</span> },
          { label: "Mail", end: true, cell: (row) => size(row.used_bytes) },
        ]} />
      </section>
    </Page>
  );
}
