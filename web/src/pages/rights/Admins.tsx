import { useLive, usePages } from "../../api/hooks";
import { Chip, Empty } from "../../components/controls";
import { Table } from "../../components/Table";
import { t } from "../../i18n";
import { Link } from "../../router";
import { Page, PageHead } from "../../shell/App";
import { accountPath } from "../account/parts";

export default function Admins() {
  useLive("accounts");
  const { rows, ...page } = usePages("listAdmins", { limit: 100 });
  const where = (address: string) => `${accountPath(address)}?tab=rights`;
  return (
    <Page>
      <PageHead title={t("Rights")} />
      <p className="muted form">{t("Who may do more than read their own mail. Rights are given on the page of an account.")}</p>
      <section className="card flush">
        <Table label="Rights" rows={rows} id={(row) => row.account_id} to={(row) => where(row.address)} {...page} empty={<Empty>{t("Nobody holds a right.")}</Empty>} columns={[
          { label: "Account", cell: (row) => <Link to={where(row.address)} className="mono">{row.address}</Link> },
          { label: "Server rights", cell: (row) => <span className="row tight">{row.server.map((right) => <Chip key={right} tone="info">{right}</Chip>)}</span> },
          { label: "Domain rights", cell: (row) => <span className="row tight">{row.domain.map((right) => <Chip key={right}>{right}</Chip>)}</span> },
        ]} />
      </section>
    </Page>
  );
}
