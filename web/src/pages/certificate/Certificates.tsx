// The certificate listeners show: what it says, and another one in its place.
import { useState } from "react";
import { useAct, useCall, useLive } from "../../api/hooks";
import { session } from "../../api/session";
import { Button, Chip, Copy, Empty, Facts, Field, Loading, Note } from "../../components/controls";
import { FormDialog } from "../../components/Dialog";
import { ProblemNote } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { t } from "../../i18n";
import { moment } from "../../i18n/format";
import { holds } from "../../rights";
import { Page, PageHead } from "../../shell/App";

const DAY = 86_400_000;

export default function Certificates() {
  useLive("system");
  const { data, error } = useCall("listCertificates", {});
  const [replacing, setReplacing] = useState(false);
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!data) return <Page><Loading /></Page>;
  const replace = holds(session.principal, "settings") && <Button tone="primary" onClick={() => setReplacing(true)}>{t("Replace")}</Button>;
  return (
    <Page>
      <PageHead title={t("Certificates")}>{replace}</PageHead>
      {data.data.length === 0 && <Empty>{t("There is no certificate.")}</Empty>}
      <div className="columns">
        {data.data.map((one) => {
          const left = Math.floor((new Date(one.not_after).getTime() - Date.now()) / DAY);
          return (
            <section key={one.id} className="card stack" aria-label={one.names[0] ?? ""}>
              <div className="row">{one.active ? <Chip tone="ok">{t("shown by all listeners")}</Chip> : <Chip>{t("not in use")}</Chip>}{one.kind === "self_signed" && <Chip tone="warn">{t("self-signed")}</Chip>}</div>
              <Facts of={[
                ["Names", <span key="n" className="mono">{one.names.join(", ")}</span>],
                ["Good until", <span key="u" className="row tight">{moment(one.not_after)} <Chip tone={left < 7 ? "error" : left < 30 ? "warn" : "ok"}>{t("{n} days", { n: left })}</Chip></span>],
                ["Fingerprint", <Copy key="f" text={one.fingerprint} />],
              ]} />
              <details><summary>{t("Text")}</summary><pre className="mono" style={{ marginTop: "8px", maxHeight: "240px", overflow: "auto" }} tabIndex={0}>{one.chain}</pre></details>
            </section>
          );
        })}
      </div>
      {replacing && <Replace onClose={() => setReplacing(false)} />}
    </Page>
  );
}

function Replace({ onClose }: { onClose: () => void }) {
  const [chain, setChain] = useState("");
  const [key, setKey] = useState("");
  const bring = useAct("importCertificate", () => { toast(t("All listeners show the new certificate.")); onClose(); });
  const read = (put: (text: string) => void) => <input type="file" accept=".pem,.crt,.cer,.key,.txt" aria-label={t("From a file")} onChange={(event) => void event.target.files?.[0]?.text().then(put)} />;
  return (
    <FormDialog title={t("Replace the certificate")} action={t("Replace")} busy={bring.isPending} problem={bring.error} disabled={!chain.trim() || !key.trim()} onClose={onClose} onSubmit={() => bring.mutate({ chain, key })}>
      <Note>{t("All listeners show it at once; open connections stay.")}</Note>
      <Field label={t("Certificate and its chain (PEM)")} fault={bring.error?.at("/chain")}><textarea className="input mono" rows={5} spellCheck={false} placeholder="-----BEGIN CERTIFICATE-----" value={chain} onChange={(event) => setChain(event.target.value)} /></Field>
      {read(setChain)}
      <Field label={t("Private key (PEM)")} fault={bring.error?.at("/key")}><textarea className="input mono" rows={4} spellCheck={false} placeholder="-----BEGIN PRIVATE KEY-----" value={key} onChange={(event) => setKey(event.target.value)} /></Field>
      {read(setKey)}
    </FormDialog>
  );
}
