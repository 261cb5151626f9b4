// Whether somebody can be reached.
import { useCall } from "../../api/hooks";
import { Chip } from "../../components/controls";
import { choice } from "../../forms/inputs";
import { t } from "../../i18n";

export function Reachable({ address }: { address: string }) {
  const { data } = useCall("getPresence", { account: address }, { retry: false, refetchInterval: 60_000 });
  if (!data) return <span className="muted">–</span>;
  return <Chip tone={data.on_the_phone ? "warn" : data.status === "online" ? "ok" : undefined} title={data.note}>{data.on_the_phone ? t("on the phone") : choice(data.status)}</Chip>;
}
