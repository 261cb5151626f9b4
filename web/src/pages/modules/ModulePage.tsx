// The settings of one module; the path says which.
import { useCall, useLive } from "../../api/hooks";
import { session } from "../../api/session";
import { Loading } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { SettingsForm } from "../../forms/SettingsForm";
import { t, type Key } from "../../i18n";
import { holds } from "../../rights";
import { usePath } from "../../router";
import { Page, PageHead } from "../../shell/App";

const modules: Record<string, readonly [string, Key, Key]> = {
  "/settings/mail/smtp/receiving": ["smtp", "SMTP: receiving", "What this server takes from others. Changes act at once."],
  "/settings/mail/smtp/sending": ["smtp_out", "SMTP: sending", "How mail goes to other servers. Changes act at once."],
  "/settings/mail/queue": ["queue", "Queue settings", "What waits, and how long it is remembered. Changes act at once."],
  "/settings/access/imap": ["imap", "IMAP", "How mail programs read mail. Changes act at once."],
  "/settings/access/pop": ["pop", "POP", "How mail programs fetch mail. Changes act at once."],
  "/settings/real-time/sip": ["sip", "SIP", "How telephones register and call. Changes act at once."],
  "/settings/real-time/media": ["media", "Media", "How voice and picture are relayed. Changes act at once."],
  "/settings/real-time/rules": ["rules", "Web servers of rules", "Which web servers rules may ask. Changes act at once."],
};

export default function ModulePage() {
  const [module, title, about] = modules[usePath()] ?? ["smtp", "SMTP", "What this server takes from others. Changes act at once."] as const;
  useLive("system");
  const { data, error } = useCall("getModule", { module });
  return (
    <Page>
      <PageHead title={t(title)} />
      <p className="muted form">{t(about)}</p>
      <ProblemNote problem={error} />
      {data ? <div className="wide"><SettingsForm view={data} operation="updateModule" input={{ module }} readOnly={!holds(session.principal, "settings")} /></div> : !error && <Loading />}
    </Page>
  );
}
