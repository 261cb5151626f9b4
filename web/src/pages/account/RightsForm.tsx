// The rights of an account: what the caller does not hold cannot be given.
import { useState } from "react";
import { useAct, useCall } from "../../api/hooks";
import { Button, Loading, Note } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t, word } from "../../i18n";
import { useGuard } from "../../router";

export function RightsForm({ account }: { account: string }) {
  const { data } = useCall("getRights", { account });
  const { data: catalogue } = useCall("listRights", {});
  const [draft, setDraft] = useState<{ server: string[]; domain: string[] } | null>(null);
  const save = useAct("replaceRights", () => { setDraft(null); toast(t("Saved")); });
  useGuard(draft !== null);
  if (!data || !catalogue) return <Loading />;
  const now = draft ?? { server: data.server, domain: data.domain };
  const toggle = (scope: "server" | "domain", right: string, on: boolean) => setDraft({ ...now, [scope]: on ? [...now[scope], right] : now[scope].filter((one) => one !== right) });
  return (
    <form className="stack wide" onSubmit={(event) => { event.preventDefault(); save.mutate({ account, server: now.server, domain: now.domain, $options: { version: data.version } }); }}>
      <div className="columns">
        {(["server", "domain"] as const).map((scope) => (
          <fieldset key={scope} className="card stack tight">
            <legend className="hidden">{scope === "server" ? t("Server rights") : t("Domain rights")}</legend>
            <h2>{scope === "server" ? t("Server rights") : t("Domain rights")}</h2>
            {catalogue.data.filter((one) => one.scope === scope).map((one) => (
              <label key={one.right} className="switch" style={{ alignItems: "flex-start" }}>
                <input type="checkbox" checked={now[scope].includes(one.right)} disabled={!one.held && !now[scope].includes(one.right)} onChange={(event) => toggle(scope, one.right, event.target.checked)} />
                <span><span className="mono">{one.right}</span>{word(`right.${one.right}`) !== `right.${one.right}` && <span className="muted"> – {word(`right.${one.right}`)}</span>}</span>
              </label>
            ))}
          </fieldset>
        ))}
      </div>
      {save.error?.code === "version_conflict" ? <Note tone="warn">{t("Somebody changed this since you opened it. Your changes are still here.")} {t("Save again to put yours in force.")}</Note> : <ProblemNote problem={save.error} />}
      {draft && <div className="savebar"><span className="grow">{t("Unsaved changes")}</span><Button onClick={() => setDraft(null)}>{t("Discard")}</Button><Button type="submit" tone="primary" busy={save.isPending}>{t("Save")}</Button></div>}
    </form>
  );
}
