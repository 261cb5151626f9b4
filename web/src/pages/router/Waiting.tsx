// Changes of the Router that go back by themselves unless somebody confirms them: a banner that counts down.
import { useEffect, useState } from "react";
import { queries, useAct, useCall } from "../../api/hooks";
import type { RoutingConfirmation } from "../../api/generated/types";
import { Button, Note } from "../../components/controls";
import { tell } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t } from "../../i18n";
import { span } from "../../i18n/format";

/** Seconds for which a change waits that is to be confirmed. */
export const CONFIRM_WITHIN = 300;

export function Waiting({ readOnly }: { readOnly: boolean }) {
  const { data } = useCall("listRoutingConfirmations", {});
  return <>{data?.data.map((change) => <Change key={change.id} change={change} readOnly={readOnly} />)}</>;
}

function Change({ change, readOnly }: { change: RoutingConfirmation; readOnly: boolean }) {
  const [now, setNow] = useState(Date.now);
  const confirm = useAct("confirmRouting", () => toast(t("It stays.")));
  const revert = useAct("revertRouting", () => toast(t("It has gone back.")));
  const left = Math.max(0, Math.ceil((Date.parse(change.confirm_by) - now) / 1000));
  useEffect(() => { const timer = setInterval(() => setNow(Date.now()), 1000); return () => clearInterval(timer); }, []);
  // The server does it; one only has to look.
  useEffect(() => { if (left === 0) void queries.invalidateQueries(); }, [left]);
  return (
    <Note tone="warn">
      <div className="row">
        <span className="grow stack tight" style={{ flexBasis: "320px" }}><span>{change.part === "table" ? t("The new routing table goes back unless somebody confirms it.") : t("The new settings of the Router go back unless somebody confirms them.")}</span><span className="muted">{t("saved by {who}", { who: change.saved_by })}</span></span>
        <strong className="numbers" role="timer">{span(left)}</strong>
        {!readOnly && <Button tone="primary" busy={confirm.isPending} onClick={() => confirm.mutate({ id: change.id }, { onError: tell })}>{t("Keep it")}</Button>}
        {!readOnly && <Button busy={revert.isPending} onClick={() => revert.mutate({ id: change.id }, { onError: tell })}>{t("Take it back now")}</Button>}
      </div>
    </Note>
  );
}

/** The choice to be saved from oneself. */
export function Trial({ on, onChange }: { on: boolean; onChange: (on: boolean) => void }) {
  return <label className="switch"><input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />{t("Take it back in {n} minutes unless I confirm", { n: CONFIRM_WITHIN / 60 })}</label>;
}
