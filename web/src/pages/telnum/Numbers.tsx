import { useState } from "react";
import { usePages } from "../../api/hooks";
import { Empty } from "../../components/controls";
import { Table } from "../../components/Table";
import { t } from "../../i18n";
import { Link, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { accountPath } from "../account/parts";

export default function Numbers() {
  const [query, setQuery] = useSearch("q", "");
  const [typed, setTyped] = useState<string>(query);
  const { rows, ...page } = usePages("findTelnum", { limit: 100, ...(query ? { number: query } : {}) });
  return (
    <Page>
      <PageHead title={t("Telephone numbers")} />
      <section className="card flush">
        <form className="bar" role="search" onSubmit={(event) => { event.preventDefault(); setQuery(typed.trim()); }}><input className="input mono" type="search" aria-label={t("Search")} placeholder="+4930…" value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={() => setQuery(typed.trim())} /></form>
        <Table label="Telephone numbers" rows={rows} id={(row) => row.number} to={(row) => accountPath(row.address)} {...page} empty={<Empty>{t("No number is like that. Numbers are given on the page of an account.")}</Empty>} columns={[
          { label: "Number", cell: (row) => <span className="mono">{row.number}</span> },
          { label: "Account", cell: (row) => <Link to={accountPath(row.address)} className="mono">{row.address}</Link> },
        ]} />
      </section>
    </Page>
  );
}
