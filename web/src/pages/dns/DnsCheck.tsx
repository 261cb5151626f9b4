// What the DNS says of a domain beside what it should say: records to enter, one by one or as lines of a zone.
import type { ReactNode } from "react";
import { useAct, useCall } from "../../api/hooks";
import type { DnsCheckResult, DnsCheckStatus, DnsRecord } from "../../api/generated/types";
import { Button, Chip, Copy, Note, Time } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t, word } from "../../i18n";

const tones = { ok: "ok", warning: "warn", error: "error", unknown: "info" } as const;
const names = { ok: "well", warning: "not well", error: "wrong", unknown: "cannot be judged" } as const;

/** A record as it stands in a zone file. */
export const line = (record: DnsRecord) => `${record.name} ${record.ttl} IN ${record.type} ${record.type === "TXT" ? `"${record.value}"` : record.value}`;

export function Status({ status }: { status: DnsCheckStatus }) {
  return <Chip tone={tones[status]}>{t(names[status])}</Chip>;
}

/** Why a check went as it did: in the language of the page where there are words for it. */
export function why(result: DnsCheckResult): string {
  const own = word(`dns.${result.reason}`);
  return own === `dns.${result.reason}` ? result.why ?? "" : own;
}

export function DnsCheck({ domain }: { domain: string }) {
  const { data, error } = useCall("getLastDnsCheck", { domain });
  const run = useAct("runDnsCheck");
  const results = data?.results ?? [];
  return (
    <section className="card flush" aria-label={t("DNS")}>
      <header className="row">
        <h2 className="grow">{t("DNS")}</h2>
        {data?.checked_at && <span className="muted">{t("checked")} <Time at={data.checked_at} /></span>}
        <Button icon="refresh" tone={results.length === 0 ? "primary" : undefined} busy={run.isPending} onClick={() => run.mutate({ domain })}>{t("Check now")}</Button>
      </header>
      <div className="stack" style={{ padding: "12px 16px 16px" }}>
        <ProblemNote problem={run.error ?? error} />
        {data && results.length === 0 && <p className="muted">{t("Nobody has asked the DNS yet. A check shows every record that this domain needs, and whether it is there.")}</p>}
        {results.length > 0 && (
          <>
            <ul className="plain stack" aria-label={t("Checks")}>{results.map((result) => <Result key={`${result.check} ${result.name}`} result={result} />)}</ul>
            {data?.zone_snippet && (
              <details>
                <summary>{t("All records as lines of a zone")}</summary>
                <div className="row" style={{ marginTop: "8px" }}><CopyButton text={data.zone_snippet}>{t("Copy all")}</CopyButton></div>
                <pre className="mono" style={{ overflowX: "auto", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{data.zone_snippet}</pre>
              </details>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function Result({ result }: { result: DnsCheckResult }) {
  const well = result.status === "ok";
  return (
    <li className="stack tight">
      <div className="row tight"><strong>{word(`dns.${result.check}`)}</strong><span className="mono muted" style={{ overflowWrap: "anywhere" }}>{result.name}</span><Status status={result.status} /></div>
      {!well && result.reason && <div>{why(result)}</div>}
      {result.found.length > 0 && <div className="mono muted" style={{ overflowWrap: "anywhere" }}><span className="hidden">{t("Found")}: </span>{result.found.join(" · ")}{result.lookups != null && result.lookups > 0 ? ` (${t("{n} lookups", { n: result.lookups })})` : ""}</div>}
      {!well && result.records.length > 0 && <ul className="plain stack tight" aria-label={t("Records to enter")}>{result.records.map((record) => <li key={line(record)}><Entry record={record} /></li>)}</ul>}
    </li>
  );
}

function CopyButton({ text, children }: { text: string; children?: ReactNode }) {
  return <Button tone={children ? undefined : "quiet"} icon={children ? undefined : "copy"} aria-label={children ? undefined : t("Copy")} title={t("Copy")} onClick={() => void navigator.clipboard?.writeText(text).then(() => toast(t("Copied")))}>{children}</Button>;
}

/** A record, to be copied by its button or by a click on it. */
function Entry({ record }: { record: DnsRecord }) {
  return <span className="row tight" style={{ flexWrap: "nowrap" }}><CopyButton text={line(record)} /><Copy text={line(record)} /></span>;
}

/** The same in the checklist of a new server: how many records are there, and the way to the rest. */
export function DnsSummary({ domain }: { domain: string }) {
  const { data } = useCall("getLastDnsCheck", { domain });
  const run = useAct("runDnsCheck");
  const open = data?.results.filter((result) => result.status !== "ok" && result.records.length > 0) ?? [];
  return (
    <div className="stack tight">
      <div className="row tight">
        {data?.checked_at && <Chip tone={data.summary.error > 0 ? "error" : data.summary.warning > 0 ? "warn" : "ok"}>{t("{ok} of {all} well", { ok: data.summary.ok, all: data.results.length })}</Chip>}
        <Button tone="quiet" icon="refresh" busy={run.isPending} onClick={() => run.mutate({ domain })}>{t("Check now")}</Button>
      </div>
      {run.error && <ProblemNote problem={run.error} />}
      {data?.checked_at && open.length === 0 && <Note tone="ok">{t("Every record that can be judged is there.")}</Note>}
      <ul className="plain stack tight" aria-label={t("Records to enter")}>{open.flatMap((result) => result.records.map((record) => <li key={`${result.check}${line(record)}`} className="row tight" style={{ flexWrap: "nowrap", alignItems: "flex-start" }}><Status status={result.status} /><Entry record={record} /></li>))}</ul>
    </div>
  );
}
