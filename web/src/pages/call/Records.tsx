// Records of calls, the newest first.
import { useLive, usePages } from "../../api/hooks";
import { download } from "../../api/client";
import { Button, Chip, Empty, Time } from "../../components/controls";
import { save, Table } from "../../components/Table";
import { tell } from "../../components/ProblemNote";
import { t, type Key } from "../../i18n";
import { span } from "../../i18n/format";
import { Link, useSearch } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { Media } from "./Calls";
import { callPath, cause, party, plain } from "./parts";

const causes: readonly [string, Key][] = [["", "All"], ["answered", "answered"], ["no_answer", "not answered"], ["busy", "busy"], ["cancelled", "given up"], ["rejected", "refused"], ["not_found", "unknown number"]];

export default function Records() {
  useLive("calls");
  const [number, setNumber] = useSearch<string>("q", "");
  const [why, setWhy] = useSearch<string>("cause", "");
  const filter = { ...(number ? { number } : {}), ...(why ? { cause: why } : {}) };
  const { rows, ...page } = usePages("listCdr", { limit: 100, ...filter });
  const file = () => void download("exportCdr", { ...filter, format: "csv" } as never).then((blob) => save("calls.csv", blob), tell);
  return (
    <Page>
      <PageHead title={t("Call records")}><Button icon="download" onClick={file}>CSV</Button></PageHead>
      <section className="card flush">
        <div className="bar">
          <input className="input mono" type="search" aria-label={t("Search")} placeholder={t("Address or number")} defaultValue={number} onBlur={(event) => setNumber(event.target.value.trim())} onKeyDown={(event) => { if (event.key === "Enter") setNumber(event.currentTarget.value.trim()); }} />
          <select className="input" aria-label={t("Outcome")} value={why} onChange={(event) => setWhy(event.target.value)}>{causes.map(([value, text]) => <option key={value} value={value}>{t(text)}</option>)}</select>
        </div>
        <Table label="Call records" rows={rows} id={(row) => row.id} to={(row) => callPath(row.id)} {...page} empty={<Empty>{t("No call is like that.")}</Empty>} columns={[
          { label: "When", cell: (row) => <Link to={callPath(row.id)}><Time at={row.started_at} /></Link> },
          { label: "From", cell: (row) => <span className="mono">{party(row.caller)}</span> },
          { label: "Dialled", cell: (row) => <span className="mono">{plain(row.dialled)}</span> },
          { label: "Outcome", cell: (row) => <Chip tone={row.answered_at ? "ok" : "warn"}>{cause(row)}{row.final_code && !row.answered_at ? ` (${row.final_code})` : ""}</Chip> },
          { label: "Duration", end: true, cell: (row) => (row.duration_seconds ? span(row.duration_seconds) : <span className="muted">–</span>) },
          { label: "Media", cell: (row) => <Media call={row} /> },
        ]} />
      </section>
    </Page>
  );
}
