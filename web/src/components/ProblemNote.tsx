// The one way a problem is shown: what happened, and what to do.
import { useLayoutEffect, useState } from "react";
import { Problem, UNREACHABLE } from "../api/client";
import { t } from "../i18n";
import { fault, said } from "../i18n/faults";
import { Note } from "./controls";
import { toast } from "./toast";

/** A problem in a sentence of the page's language, when there is one for its code. */
export function sentence(problem: Problem): string {
  if (problem.code === UNREACHABLE) return t("The server cannot be reached. Nothing you typed is lost; try again.");
  return said(problem.body.detail, problem.code).text;
}

/** With `fields`, what a form shows at its fields is not said twice. */
export function ProblemNote({ problem, fields = false }: { problem: Problem | null | undefined; fields?: boolean }) {
  const [marked, setMarked] = useState(true);
  // Whether a field shows it is known once the fields are there.
  useLayoutEffect(() => setMarked(document.querySelector(".fault") !== null), [problem]);
  if (!problem) return null;
  const shown = problem.body.errors?.filter((error) => error.pointer !== "") ?? [];
  const { raw } = said(problem.body.detail, problem.code);
  if (fields && shown.length > 0 && marked) return <Note tone="error">{t("Please look at the marked fields.")}</Note>;
  return (
    <Note tone="error">
      <div>{sentence(problem)}</div>
      {raw && shown.length === 0 && <div className="muted small-print" lang="en">{raw}</div>}
      {problem.body.required && <div className="muted">{t("Needed right: {right}", { right: problem.body.required })}</div>}
      {shown.length > 0 && <ul className="plain">{shown.map((error) => <li key={error.pointer}><code>{error.pointer.slice(1)}</code> {fault(error.detail)}</li>)}</ul>}
    </Note>
  );
}

export const tell = (problem: Problem) => toast(sentence(problem), { error: true });
