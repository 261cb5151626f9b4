// Claims a fresh server: one page, then the checklist on Dash.
import { useState, type FormEvent } from "react";
import { Problem } from "../../api/client";
import { claim } from "../../api/session";
import { Button, Field, Note } from "../../components/controls";
import { ProblemNote } from "../../components/ProblemNote";
import { languages, language, setLanguage, t, type Language } from "../../i18n";
import { navigate } from "../../router";
import { LanguageChoice } from "../../shell/SignIn";

const zones = (): string[] => { const list = Intl.supportedValuesOf("timeZone"); return list.includes("UTC") ? list : ["UTC", ...list]; };

/** How hard a password is to guess, 0 to 4: length counts most. */
export function strength(password: string): number {
  const kinds = [/[a-zà-ÿ]/, /[A-ZÀ-Þ]/, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length;
  const different = new Set(password).size;
  if (password.length < 8 || different < 5) return password === "" ? 0 : 1;
  return Math.min(4, 1 + (password.length >= 12 ? 1 : 0) + (password.length >= 16 ? 1 : 0) + (kinds >= 3 || different >= 12 ? 1 : 0));
}
const words = ["", "Too weak", "Weak", "Good", "Strong"] as const;

export default function SetUp({ networks, onClaimed }: { networks: readonly string[]; onClaimed: () => void }) {
  const [token, setToken] = useState(() => new URLSearchParams(location.hash.slice(1)).get("token") ?? "");
  const [given] = useState(token !== "");
  const [domain, setDomain] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  const [trusted, setTrusted] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const differs = again !== "" && again !== password;
  const score = strength(password);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (again !== password) { setAgain(again || " "); return; }
    setBusy(true);
    const refusal = await claim({ token: token.trim(), postmaster_password: password, main_domain: domain.trim(), language: language(), time_zone: zone, client_ips: [...trusted] })
      .catch(() => ({ type: "about:blank", title: "", status: 0, code: "unreachable", detail: "" }));
    setBusy(false);
    setProblem(refusal && new Problem(refusal));
    if (refusal) return;
    navigate("/", { replace: true });
    onClaimed();
  };

  return (
    <div className="gate">
      <main className="broad">
        <div className="brand"><img src="/icon.svg" alt="" /><h1>{t("Set up Postamt")}</h1></div>
        <form className="card stack" onSubmit={(event) => void submit(event)}>
          {!given && <Field label={t("Set-up token")} help={t("The server printed it when it started; it also lies in the file setup-token of its data folder.")} fault={problem?.code === "setup_token_invalid" ? t("This is not the set-up token.") : null}>
            <input className="input mono" required autoComplete="off" spellCheck={false} value={token} onChange={(event) => setToken(event.target.value)} /></Field>}
          <Field label={t("Main domain")} help={t("The part of your addresses after the @, for example mycompany.example.")} fault={problem?.at("/main_domain")}>
            <input className="input" required autoComplete="off" autoCapitalize="none" spellCheck={false} autoFocus value={domain} onChange={(event) => setDomain(event.target.value)} /></Field>
          <div className="columns">
            <Field label={t("Language")}><select className="input" value={language()} onChange={(event) => void setLanguage(event.target.value as Language)}>{(languages).filter(([code]) => code !== "ru").map(([code, name]) => <option key={code} value={code}>{name}</option>)}</select></Field>
            <Field label={t("Time zone")} fault={problem?.at("/time_zone")}><select className="input" value={zone} onChange={(event) => setZone(event.target.value)}>{[...new Set([zone, ...zones()])].map((one) => <option key={one}>{one}</option>)}</select></Field>
          </div>
          <Field label={t("Password of postmaster")} help={password === "" ? t("postmaster is the administrator; at least 8 characters.") : t("Strength: {word}", { word: t(words[Math.max(1, score)] as "Good") })} fault={problem?.at("/postmaster_password")}>
            <input className="input" type="password" required minLength={8} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} /></Field>
          <Field label={t("The same password again")} fault={differs ? t("The two passwords differ.") : null}>
            <input className="input" type="password" required autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} /></Field>
          {networks.length > 0 && (
            <fieldset className="stack tight" style={{ border: 0, padding: 0, margin: 0 }}>
              <legend><strong>{t("Networks whose programs may send without signing in")}</strong></legend>
              <p className="muted">{t("Leave this empty unless every machine in such a network is yours.")}</p>
              {networks.map((network) => (
                <label key={network} className="switch"><input type="checkbox" checked={trusted.includes(network)} onChange={(event) => setTrusted(event.target.checked ? [...trusted, network] : trusted.filter((one) => one !== network))} /><span className="mono">{network}</span></label>
              ))}
            </fieldset>
          )}
          {problem?.code === "setup_token_invalid" && given ? <Note tone="error">{t("The set-up link is too old. Take the newest one that the server printed.")}</Note> : <ProblemNote problem={problem} fields />}
          <Button type="submit" tone="primary" busy={busy}>{t("Claim this server")}</Button>
        </form>
        <LanguageChoice />
      </main>
    </div>
  );
}
