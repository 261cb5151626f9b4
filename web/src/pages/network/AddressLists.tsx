// Lists of addresses: Client IPs first, the others beside it.
import { useState } from "react";
import { useAct, useCall, useLive } from "../../api/hooks";
import type { AddressList } from "../../api/generated/types";
import { session } from "../../api/session";
import { Button, Chip, Field, Loading } from "../../components/controls";
import { ProblemNote, sentence } from "../../components/ProblemNote";
import { toast } from "../../components/toast";
import { Conflict } from "../../forms/SettingsForm";
import { label } from "../../forms/labels";
import { t, word } from "../../i18n";
import { holds } from "../../rights";
import { useGuard, usePath } from "../../router";
import { Page, PageHead } from "../../shell/App";

const CLIENTS = "client_ips";
const name = (list: string) => (word(`list.${list}`) === `list.${list}` ? label(list) : word(`list.${list}`));

export default function AddressLists() {
  useLive("system");
  const clients = usePath().endsWith("/client-ips");
  const { data, error } = useCall("listAddressLists", {});
  if (error) return <Page><ProblemNote problem={error} /></Page>;
  if (!data) return <Page><Loading /></Page>;
  const lists = data.data.filter((list) => (list.name === CLIENTS) === clients);
  return (
    <Page>
      <PageHead title={clients ? t("Client IPs") : t("Address lists")} />
      {clients && <p className="muted form">{t("Programs at these addresses are trusted: they may send mail through this server without signing in. Leave only what is yours.")}</p>}
      <div className={clients ? "stack form" : "columns"}>{lists.map((list) => <List key={list.name} list={list} />)}</div>
    </Page>
  );
}

function List({ list }: { list: AddressList }) {
  const [text, setText] = useState<string | null>(null);
  const [address, setAddress] = useState("");
  const save = useAct("replaceAddressList", () => { setText(null); toast(t("Saved")); });
  const test = useAct("testAddress");
  const shown = text ?? list.lines.join("\n");
  const dirty = text !== null && text !== list.lines.join("\n");
  const may = holds(session.principal, "settings");
  useGuard(dirty);
  const put = (version: number | undefined) => save.mutate({ list: list.name, lines: shown.split("\n").map((line) => line.trim()).filter(Boolean), ...(version === undefined ? {} : { $options: { version } }) });
  return (
    <section className="card stack" aria-label={name(list.name)}>
      <Field label={<span style={{ fontSize: "15px" }}>{name(list.name)}</span>} help={t("One per line: 10.0.0.1, 10.0.0.0/8, 10.0.0.1-10.0.0.9, !10.0.0.5 to leave one out, #other to take in a list; ; begins a comment.")} fault={save.error?.code === "version_conflict" ? null : save.error?.under("")}>
        <textarea className="input mono" spellCheck={false} rows={Math.max(6, shown.split("\n").length + 1)} readOnly={!may} value={shown} onChange={(event) => setText(event.target.value)} /></Field>
      {save.error && save.error.code !== "version_conflict" && <ProblemNote problem={save.error} fields />}
      {may && <div className="row"><Button tone="primary" disabled={!dirty} busy={save.isPending} onClick={() => put(list.version)}>{t("Save")}</Button>{dirty && <Button onClick={() => { setText(null); save.reset(); }}>{t("Discard")}</Button>}</div>}
      <form className="row" style={{ alignItems: "flex-end" }} onSubmit={(event) => { event.preventDefault(); test.mutate({ list: list.name, address: address.trim() }); }}>
        <div className="grow"><Field label={t("Is this address listed?")} fault={test.error ? sentence(test.error) : undefined}><input className="input mono" value={address} onChange={(event) => setAddress(event.target.value)} placeholder="192.0.2.1" /></Field></div>
        <Button type="submit" disabled={address.trim() === ""}>{t("Test")}</Button>
        {test.data && <Chip tone={test.data.listed ? "ok" : "info"}>{test.data.listed ? t("listed, line {n}", { n: test.data.line ?? "?" }) : t("not listed")}</Chip>}
      </form>
      {save.error?.code === "version_conflict" && <Conflict changes={[[name(list.name), shown]]} onClose={() => save.reset()} onReload={() => save.reset()} onOverwrite={() => put(undefined)} />}
    </section>
  );
}
