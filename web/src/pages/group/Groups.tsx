// Groups of a domain: one address for several.
import { useState } from "react";
import { useAct, usePages } from "../../api/hooks";
import type { Group, GroupSettings } from "../../api/generated/types";
import { Button, Empty, Field } from "../../components/controls";
import { confirm, Dialog, FormDialog } from "../../components/Dialog";
import { NameList } from "../../components/NameList";
import { ProblemNote, sentence, tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { toast } from "../../components/toast";
import { label } from "../../forms/labels";
import { t } from "../../i18n";
import { words } from "../domain/Domains";

const flags: readonly (keyof GroupSettings)[] = ["set_reply_to", "remove_to_cc", "remove_author", "reject_automatic", "final_delivery", "email_disabled", "signal_disabled"];

export function Groups({ domain }: { domain: string }) {
  const [creating, setCreating] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const { rows, ...page } = usePages("listGroups", { domain, limit: 100 });
  const one = rows.find((row) => row.id === open);
  const create = <Button tone="primary" icon="plus" onClick={() => setCreating(true)}>{t("Create group")}</Button>;
  return (
    <>
      <section className="card flush">
        {rows.length > 0 && <div className="bar">{create}</div>}
        <Table label="Groups" rows={rows} id={(row) => row.id} onOpen={(row) => setOpen(row.id)} open={open} {...page} empty={<Empty action={create}>{t("A group is one address for several people.")}</Empty>} columns={[
          { label: "Name", cell: (row) => <button type="button" className="copy mono" style={{ color: "var(--accent)", cursor: "pointer" }} onClick={() => setOpen(row.id)}>{row.name}</button> },
          { label: "Description", cell: (row) => row.real_name || <span className="muted">–</span> },
          { label: "Members", cell: (row) => row.members.join(", ") || <span className="muted">{t("none")}</span> },
        ]} />
      </section>
      {creating && <CreateGroup domain={domain} onClose={() => setCreating(false)} />}
      {one && <EditGroup group={one} onClose={() => setOpen(null)} />}
    </>
  );
}

function CreateGroup({ domain, onClose }: { domain: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [about, setAbout] = useState("");
  const [members, setMembers] = useState("");
  const create = useAct("createGroup", onClose);
  const fault = (pointer: string) => create.error?.under(pointer);
  return (
    <FormDialog title={t("Create group")} action={t("Create group")} busy={create.isPending} problem={create.error} onClose={onClose} onSubmit={() => create.mutate({ domain, name: name.trim(), real_name: about, members: words(members) })}>
      <Field label={t("Name")} help={`${name.trim() || "…"}@${domain}`} fault={fault("/name")}><input className="input mono" autoFocus autoCapitalize="none" value={name} onChange={(event) => setName(event.target.value)} /></Field>
      <Field label={t("Description")} fault={fault("/real_name")}><input className="input" value={about} onChange={(event) => setAbout(event.target.value)} /></Field>
      <Field label={t("Members")} help={t("Names of this domain or whole addresses, one per line.")} fault={fault("/members")}><textarea className="input mono" rows={4} value={members} onChange={(event) => setMembers(event.target.value)} /></Field>
    </FormDialog>
  );
}

function EditGroup({ group, onClose }: { group: Group; onClose: () => void }) {
  const key = { domain: group.domain, group: group.name };
  const [draft, setDraft] = useState<{ real_name: string; settings: GroupSettings } | null>(null);
  const [name, setName] = useState(group.name);
  const add = useAct("addMembers");
  const removeMember = useAct("removeMember");
  const update = useAct("updateGroup", () => { setDraft(null); toast(t("Saved")); });
  const rename = useAct("renameGroup", onClose);
  const remove = useAct("deleteGroup", onClose);
  const now = draft ?? { real_name: group.real_name, settings: group.settings };
  return (
    <Dialog title={`${group.name}@${group.domain}`} kind="drawer" onClose={onClose}>
      <NameList title={t("Members")} names={group.members} busy={add.isPending} problem={add.error} onAdd={(member, done) => add.mutate({ ...key, members: words(member) }, { onSuccess: done })} onRemove={(address) => removeMember.mutate({ ...key, address }, { onError: tell })} />
      <form className="card stack" onSubmit={(event) => { event.preventDefault(); update.mutate({ ...key, ...now, $options: { version: group.version } }); }}>
        <h2>{t("Settings")}</h2>
        <Field label={t("Description")} fault={update.error?.at("/real_name")}><input className="input" value={now.real_name} onChange={(event) => setDraft({ ...now, real_name: event.target.value })} /></Field>
        {flags.map((flag) => <label key={flag} className="switch"><input type="checkbox" checked={now.settings[flag] ?? false} onChange={(event) => setDraft({ ...now, settings: { ...now.settings, [flag]: event.target.checked } })} />{label(`group.${flag}`)}</label>)}
        <ProblemNote problem={update.error} fields />
        <div className="row"><Button type="submit" tone="primary" disabled={!draft} busy={update.isPending}>{t("Save")}</Button></div>
      </form>
      <form className="card row" style={{ alignItems: "flex-end" }} onSubmit={(event) => { event.preventDefault(); rename.mutate({ ...key, new_name: name.trim() }); }}>
        <div className="grow"><Field label={t("New name")} fault={rename.error ? rename.error.at("/new_name") ?? sentence(rename.error) : undefined}><input className="input mono" value={name} onChange={(event) => setName(event.target.value)} /></Field></div>
        <Button type="submit" disabled={name.trim() === group.name} busy={rename.isPending}>{t("Rename")}</Button>
      </form>
      <div className="row"><Button tone="danger" icon="trash" onClick={() => confirm({ title: t("Delete {name}?", { name: group.name }), text: t("Its members stay; only the common address goes."), action: t("Delete"), danger: true, yes: () => remove.mutate(key, { onError: tell }) })}>{t("Delete")}</Button></div>
    </Dialog>
  );
}
