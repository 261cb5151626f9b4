// Where an address goes, and why: every step, and beside it what a draft of the table would do.
import { useEffect, useRef } from "react";
import { useCall } from "../../api/hooks";
import type { Explanation, RouteFlow } from "../../api/generated/types";
import { Chip, Field, Loading, Note, Segments } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { choice } from "../../forms/inputs";
import { t, word } from "../../i18n";
import { useSearch } from "../../router";

export function Explain({ draft, onLine }: { draft: string | null; onLine: (line: number | null) => void }) {
  const [address, setAddress] = useSearch<string>("address", "");
  const [flow, setFlow] = useSearch<RouteFlow>("flow", "mail");
  const [sender, setSender] = useSearch<string>("as", "");
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  // What is marked stays so until another step is looked at, since the table may move under the mouse.
  useEffect(() => onLine(null), [address, flow, onLine]);
  const request = { address, flow, ...(sender ? { sender: sender.includes("@") ? { authenticated_as: sender } : { ip: sender } } : {}) };
  const wanted = address.trim() !== "";
  const live = useCall("explainRoute", request, { enabled: wanted, staleTime: 0 });
  const drafted = useCall("explainRoute", { ...request, table: draft }, { enabled: wanted && draft !== null, staleTime: 0 });
  const later = (put: (value: string) => void) => (event: React.ChangeEvent<HTMLInputElement>) => { const { value } = event.target; clearTimeout(timer.current); timer.current = setTimeout(() => put(value), 250); };
  return (
    <section className="card stack" aria-label={t("Explain")}>
      <h2>{t("Explain")}</h2>
      <Field label={t("Address or number")}><input ref={input} className="input mono" defaultValue={address} autoCapitalize="none" spellCheck={false} placeholder="12345678900@mycompany.example" onChange={later(setAddress)} /></Field>
      <div className="row">
        <Segments<RouteFlow> label={t("Kind")} value={flow} onChange={setFlow} options={[["mail", t("Mail")], ["signal", t("Call")], ["access", t("Sign-in")]]} />
        <div className="grow" style={{ minWidth: "160px" }}><input className="input mono" aria-label={t("As whom")} placeholder={t("as whom: account or IP")} defaultValue={sender} onChange={later(setSender)} /></div>
      </div>
      {!wanted && <p className="muted">{t("Type an address to see its way through the table.")}</p>}
      {wanted && draft !== null && <Answer title={t("With the draft")} answer={drafted.data} loading={drafted.isPending} problem={drafted.error} onLine={onLine} differs={live.data?.text} />}
      {wanted && <Answer title={draft === null ? null : t("Now in force")} answer={live.data} loading={live.isPending} problem={live.error} onLine={draft === null ? onLine : () => undefined} />}
    </section>
  );
}

function Answer({ title, answer, loading, problem, onLine, differs }: { title: string | null; answer: Explanation | undefined; loading: boolean; problem: import("../../api/client").Problem | null; onLine: (line: number | null) => void; differs?: string | undefined }) {
  if (problem) return <ProblemNote problem={problem} />;
  if (loading || !answer) return <Loading />;
  const bad = answer.result.kind === "error";
  return (
    <div className="stack tight">
      {title && <div className="row"><h3>{title}</h3>{differs !== undefined && differs !== answer.text && <Chip tone="warn">{t("goes elsewhere")}</Chip>}</div>}
      <div className={`note ${bad ? "error" : "ok"}`} data-testid={title === null || differs === undefined ? "live" : "draft"}><strong className="mono grow">{answer.text}</strong></div>
      <div className="row tight">
        <Chip>{answer.passes === 1 ? t("1 pass") : t("{n} passes", { n: answer.passes })}</Chip>
        {answer.relayable && answer.relay_verdict?.verdict === "relay_allowed" && <Chip tone="warn">{t("anybody may relay")}</Chip>}
        {answer.relay_verdict && <Chip tone={answer.relay_verdict.verdict === "relay_refused" ? "error" : "ok"} title={answer.relay_verdict.reason}>{choice(answer.relay_verdict.verdict)}</Chip>}
        {answer.smtp?.code && <Chip tone="error">SMTP {answer.smtp.code}</Chip>}
        {answer.sip?.code && <Chip tone="error">SIP {answer.sip.code}</Chip>}
      </div>
      {answer.warnings.map((warning) => <Note key={warning.text} tone="warn">{warning.line ? `${t("Line {n}", { n: warning.line })}: ` : ""}{warning.text}</Note>)}
      <ol className="timeline" aria-label={t("Steps")}>
        {answer.steps.map((step, index) => {
          const line = step.record?.line ?? null;
          const captures = Object.entries((step.captures ?? {}) as Record<string, string>);
          return (
            <li key={index} className={line ? "ok" : ""} tabIndex={line ? 0 : undefined} onMouseEnter={() => line && onLine(line)} onFocus={() => line && onLine(line)}>
              <div className="row tight"><strong>{stepName(step.kind)}</strong>{line && <Chip tone="info">{t("Line {n}", { n: line })}</Chip>}<span className="muted">{t("pass {n}", { n: step.pass })}</span></div>
              <div className="mono">{step.before}{step.after !== null && step.after !== undefined && <> → <strong>{step.after}</strong></>}</div>
              {step.record && <div className="mono muted">{step.record.text}</div>}
              {captures.length > 0 && <div className="mono muted">{captures.map(([name, value]) => `${name}=${value}`).join("  ")}</div>}
              {step.note && <div className="muted">{step.note}</div>}
            </li>
          );
        })}
      </ol>
      {answer.skipped.length > 0 && <details><summary>{t("{n} lines passed over", { n: answer.skipped.length })}</summary><ul className="plain muted">{answer.skipped.map((one) => <li key={one.line}>{t("Line {n}", { n: one.line })}: {one.reason}</li>)}</ul></details>}
    </div>
  );
}

const stepName = (kind: string) => (word(`step.${kind}`) === `step.${kind}` ? choice(kind) : word(`step.${kind}`));
