// Where somebody is signed in, and how to end that.
import { useAct, useCall } from "../../api/hooks";
import { Button, Empty, Time } from "../../components/controls";
import { confirm } from "../../components/Dialog";
import { tell } from "../../components/ProblemNote";
import { Table } from "../../components/Table";
import { t } from "../../i18n";

export function Sessions({ account }: { account: string }) {
  const { data, isPending, error } = useCall("listAccountSessions", { account });
  const end = useAct("deleteAccountSession");
  const endAll = useAct("killAccountSessions");
  return (
    <section className="card flush" aria-label={t("Sessions")}>
      <header><h2 className="grow">{t("Sessions")}</h2>
        <Button onClick={() => confirm({ title: t("End all sessions?"), text: t("Every device has to sign in again."), action: t("End all"), danger: true, yes: () => endAll.mutate({ account }, { onError: tell }) })}>{t("End all")}</Button>
      </header>
      <Table label="Sessions" rows={data?.data ?? []} id={(row) => row.id} loading={isPending} error={error} empty={<Empty>{t("Nobody is signed in.")}</Empty>} columns={[
        { label: "Device", cell: (row) => row.device_name || t("unknown") },
        { label: "From", cell: (row) => <span className="mono">{row.remote_ip}</span> },
        { label: "Since", cell: (row) => <Time at={row.created_at} /> },
        { label: "Last used", cell: (row) => <Time at={row.last_used_at} /> },
        { label: "Actions", fit: true, cell: (row) => <Button tone="quiet" onClick={() => end.mutate({ account, id: row.id }, { onError: tell })}>{t("End")}</Button> },
      ]} />
    </section>
  );
}
