// Earlier tables: who changed what when, and the way back.
import { useState } from "react";
import { useAct, usePages } from "../../api/hooks";
import type { RoutingVersion } from "../../api/generated/types";
import { Button, Empty, Time } from "../../components/controls";
import { confirm, Dialog } from "../../components/Dialog";
import { Diff } from "../../components/Diff";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { toast } from "../../components/toast";
import { t } from "../../i18n";
import { difference, split } from "../../components/difference";

export function History({ version, readOnly }: { version: number; readOnly: boolean }) {
  const [open, setOpen] = useState<RoutingVersion | null>(null);
  const { rows, ...page } = usePages("listRoutingHistory", { limit: 50 });
  const rollback = useAct("rollbackRouting", (table) => { setOpen(null); toast(t("Back to an earlier table, as version {n}", { n: table.version })); });
  const back = (one: RoutingVersion) => confirm({ title: t("Go back to version {n}?", { n: one.version }), text: t("The table of that version becomes the newest one; nothing of the history is lost."), action: t("Go back"), yes: () => rollback.mutate({ version: one.version, $options: { version } }, { onError: tell }) });
  const count = (one: RoutingVersion) => { const changes = difference(one.old_text ? split(one.old_text) : [], one.new_text ? split(one.new_text) : []); return `+${changes.filter((change) => change.kind === "added").length} −${changes.filter((change) => change.kind === "removed").length}`; };
  return (
    <section className="card flush">
      <Table label="History" rows={rows} id={(row) => String(row.version)} onOpen={setOpen} open={open && String(open.version)} {...page} empty={<Empty>{t("Nothing was changed yet.")}</Empty>} columns={[
        { label: "Version", cell: (row) => <button type="button" className="copy" style={{ color: "var(--accent)", cursor: "pointer" }} onClick={() => setOpen(row)}>{row.version}</button> },
        { label: "When", cell: (row) => <Time at={row.changed_at} /> },
        { label: "Who", cell: (row) => (row.changed_by === "anonymous" ? t("set-up") : row.changed_by) },
        { label: "Lines", cell: (row) => count(row) },
        !readOnly && { label: "Actions", fit: true, cell: (row) => (row.version === version ? <span className="muted">{t("in force")}</span> : <Button tone="quiet" onClick={() => back(row)}>{t("Go back")}</Button>) },
      ]} />
      {open && (
        <Dialog title={t("Version {n}", { n: open.version })} kind="drawer" onClose={() => setOpen(null)}>
          <p className="muted">{open.changed_by} · <Time at={open.changed_at} /></p>
          <Diff before={open.old_text} after={open.new_text} label={t("What this version changed")} />
          {!readOnly && open.version !== version && <footer><Button tone="primary" onClick={() => back(open)}>{t("Go back to this table")}</Button></footer>}
        </Dialog>
      )}
    </section>
  );
}
