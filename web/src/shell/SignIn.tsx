// Sign-in: a page at first, a dialog over the page when a session has ended meanwhile.
import { useState, type FormEvent } from "react";
import { Problem } from "../api/client";
import { session, signIn } from "../api/session";
import { Button, Field } from "../components/controls";
import { Dialog } from "../components/Dialog";
import { ProblemNote } from "../components/ProblemNote";
import { languages, language, setLanguage, t } from "../i18n";

function SignInForm({ login: known }: { login?: string }) {
  const [login, setLogin] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const refusal = await signIn(login, password).catch(() => ({ type: "about:blank", title: "", status: 0, code: "unreachable", detail: "" }));
    setBusy(false);
    setProblem(refusal && new Problem(refusal));
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <Field label={t("Name or address")}><input className="input" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus={!known} value={login} onChange={(event) => setLogin(event.target.value)} /></Field>
      <Field label={t("Password")}><input className="input" name="password" type="password" autoComplete="current-password" required autoFocus={Boolean(known)} value={password} onChange={(event) => setPassword(event.target.value)} /></Field>
      <ProblemNote problem={problem} />
      <Button type="submit" tone="primary" busy={busy}>{t("Sign in")}</Button>
    </form>
  );
}

export function SignIn() {
  return (
    <div className="gate">
      <main>
        <div className="brand"><img src="/icon.svg" alt="" /><h1>Postamt</h1></div>
        <section className="card" aria-label={t("Sign in")}><SignInForm /></section>
        <LanguageChoice />
      </main>
    </div>
  );
}

export function SignInAgain() {
  return <Dialog title={t("Sign in again")} onClose={() => undefined}><p>{t("Your session has ended. What you typed is still here.")}</p><SignInForm {...(session.principal ? { login: session.principal.address } : {})} /></Dialog>;
}

export function LanguageChoice() {
  return (
    <nav className="row" aria-label={t("Language")}>
      {languages.map(([code, name]) => (
        <Button key={code} tone="quiet" lang={code} aria-pressed={code === language()} onClick={() => void setLanguage(code)}>{name}</Button>
      ))}
    </nav>
  );
}
