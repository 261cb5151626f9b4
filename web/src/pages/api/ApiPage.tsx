// The API in sight: its reference, its events as they come, and questions in GraphQL.
import { useState } from "react";
import { graphql } from "../../api/graphql";
import { Button, Field } from "../../components/controls";
import { t } from "../../i18n";
import { Page, PageHead } from "../../shell/App";

const FIRST = `{
  getCurrentPrincipal { address serverRights domainRights language }
}`;

export default function ApiPage() {
  const [query, setQuery] = useState(FIRST);
  const [variables, setVariables] = useState("{}");
  const [answer, setAnswer] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      setAnswer(JSON.stringify(await graphql(query, JSON.parse(variables || "{}") as Record<string, unknown>), null, 2));
    } catch (error) {
      setAnswer(String((error as Error).message));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page>
      <PageHead title="API"><a className="button" href="/api/docs" target="_blank" rel="noreferrer">{t("API reference")}</a><a className="button" href="/api/v1/openapi.json" target="_blank" rel="noreferrer">OpenAPI</a></PageHead>
      <p className="muted form">{t("This application uses nothing else: what it can do, your programs can do. Below, a question in GraphQL with your rights.")}</p>
      <form className="columns" onSubmit={(event) => { event.preventDefault(); void run(); }} onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void run(); } }}>
        <section className="card stack">
          <Field label={t("Question")} help={t("Ctrl and Enter ask.")}><textarea className="input mono" rows={14} spellCheck={false} value={query} onChange={(event) => setQuery(event.target.value)} /></Field>
          <Field label={t("Variables")}><textarea className="input mono" rows={3} spellCheck={false} value={variables} onChange={(event) => setVariables(event.target.value)} /></Field>
          <div className="row"><Button type="submit" tone="primary" busy={busy}>{t("Ask")}</Button></div>
        </section>
        <section className="card stack" aria-label={t("Answer")}><h2>{t("Answer")}</h2><pre className="mono" style={{ maxHeight: "60dvh", overflow: "auto" }} tabIndex={0}>{answer || t("Nothing asked yet.")}</pre></section>
      </form>
    </Page>
  );
}
