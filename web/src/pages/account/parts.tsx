// What lists and pages of accounts share.
import { useState } from "react";
import { useAct } from "../../api/hooks";
import type { Account } from "../../api/generated/types";
import { Chip, Field } from "../../components/controls";
import { FormDialog } from "../../components/Dialog";
import { t } from "../../i18n";
import { navigate } from "../../router";
import { words } from "../domain/Domains";

export const accountPath = (address: string) => `/users/accounts/${encodeURIComponent(address)}`;

export function AccountState({ account }: { account: Pick<Account, "state" | "builtin"> }) {
  return (
    <span className="row tight">
      {account.state === "active" ? <Chip tone="ok">{t("active")}</Chip> : account.state === "suspended" ? <Chip tone="warn">{t("suspended")}</Chip> : <Chip tone="error">{t("deleted")}</Chip>}
      {account.builtin && <Chip>{t("built in")}</Chip>}
    </span>
  );
}

/** A password that is hard to guess and easy to read out. */
export function makePassword(): string {
  const signs = "abcdefghjkmnpqrstuvwxyz23456789";
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(20)), (octet) => signs[octet % signs.length] ?? "x");
  return [0, 5, 10, 15].map((at) => drawn.slice(at, at + 5).join("")).join("-");
}

export function CreateAccount({ domain, onClose }: { domain: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [person, setPerson] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [aliases, setAliases] = useState("");
  const [telnums, setTelnums] = useState("");
  const create = useAct("createAccount", (account) => navigate(accountPath(account.address)));
  const fault = (pointer: string) => create.error?.under(pointer);
  return (
    <FormDialog title={t("Create Account")} action={t("Create Account")} busy={create.isPending} problem={create.error} onClose={onClose}
      onSubmit={() => create.mutate({ domain, name: name.trim(), real_name: person.trim(), ...(password ? { password } : {}), aliases: words(aliases), telnums: words(telnums) })}>
      <Field label={t("Name")} help={`${name.trim() || "…"}@${domain}`} fault={fault("/name")}><input className="input mono" autoFocus required autoComplete="off" autoCapitalize="none" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} /></Field>
      <Field label={t("Person")} fault={fault("/real_name")}><input className="input" autoComplete="off" value={person} onChange={(event) => setPerson(event.target.value)} /></Field>
      <Field label={t("Password")} help={<button type="button" className="copy" style={{ color: "var(--accent)" }} onClick={() => { setPassword(makePassword()); setShown(true); }}>{t("Make one up")}</button>} fault={fault("/password")}>
        <input className="input mono" type={shown ? "text" : "password"} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} /></Field>
      <div className="columns" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(180px, 1fr))" }}>
        <Field label={t("Other names")} help={t("parted by blanks")} fault={fault("/aliases")}><input className="input mono" value={aliases} autoCapitalize="none" spellCheck={false} onChange={(event) => setAliases(event.target.value)} /></Field>
        <Field label={t("Telephone numbers")} help={t("parted by blanks")} fault={fault("/telnums")}><input className="input mono" inputMode="tel" value={telnums} onChange={(event) => setTelnums(event.target.value)} /></Field>
      </div>
    </FormDialog>
  );
}
