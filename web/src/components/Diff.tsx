// Before and after of a text, line by line; long stretches that are the same are folded.
import { useMemo } from "react";
import { difference, split, type Change } from "./difference";
import { t } from "../i18n";

const AROUND = 2;

export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  const changes = useMemo(() => difference(before === "" ? [] : split(before), after === "" ? [] : split(after)), [before, after]);
  const near = (index: number) => changes.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((change) => change.kind !== "same");
  const shown: (Change | "gap")[] = [];
  changes.forEach((change, index) => { if (near(index)) shown.push(change); else if (shown.at(-1) !== "gap") shown.push("gap"); });
  if (changes.every((change) => change.kind === "same")) return <p className="muted">{t("Nothing differs.")}</p>;
  return (
    <div className="diff" role="group" aria-label={label} tabIndex={0}>
      {shown.map((change, index) => (change === "gap" ? <div key={index} className="gap" aria-hidden="true">⋯</div> : (
        <div key={index} className={change.kind}><span aria-hidden="true">{change.kind === "added" ? "+ " : change.kind === "removed" ? "− " : "  "}</span>{change.kind !== "same" && <span className="hidden">{change.kind === "added" ? t("added:") : t("removed:")} </span>}{change.text || " "}</div>
      )))}
    </div>
  );
}
