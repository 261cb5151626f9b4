// What went through the server in the last hour, day, week or month.
import { useCall } from "../../api/hooks";
import type { TrendPoint, Trends as Answer, TrendSpan } from "../../api/generated/types";
import { Segments } from "../../components/controls";
import { TrendChart } from "../../components/TrendChart";
import { t } from "../../i18n";
import { useSearch } from "../../router";

type Figure = Exclude<keyof TrendPoint, "at">;

/** Every step of the span, with nothing where nothing is known. */
export function spread(answer: Answer): { times: string[]; of: (figure: Figure) => (number | null)[] } {
  const start = new Date(answer.since).getTime();
  const step = answer.step_seconds * 1000;
  const count = Math.round((new Date(answer.until).getTime() - start) / step);
  const points = new Map(answer.data.map((point) => [Math.round((new Date(point.at).getTime() - start) / step), point]));
  const steps = Array.from({ length: count }, (_, index) => index);
  return { times: steps.map((index) => new Date(start + index * step).toISOString()), of: (figure) => steps.map((index) => points.get(index)?.[figure] ?? null) };
}

export function Trends() {
  const [span, setSpan] = useSearch<TrendSpan>("span", "day");
  const { data } = useCall("getTrends", { span }, { refetchInterval: 60_000 });
  const { times, of } = spread(data ?? { since: new Date(0).toISOString(), until: new Date(60_000).toISOString(), step_seconds: 60, data: [] });
  return (
    <section className="stack" aria-label={t("Trends")}>
      <div className="row" style={{ justifyContent: "space-between" }}><h2>{t("Trends")}</h2>
        <Segments<TrendSpan> label={t("Period")} value={span} onChange={setSpan} options={[["hour", t("Hour")], ["day", t("Day")], ["week", t("Week")], ["month", t("Month")]]} /></div>
      <div className="columns" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(min(380px, 100%), 1fr))" }}>
        <TrendChart title={t("Mail")} times={times} series={[{ label: t("received"), tone: "accent", values: of("received") }, { label: t("sent"), tone: "ok", values: of("sent") }, { label: t("failed"), tone: "error", values: of("failed") }]} />
        <TrendChart title={t("Queue")} times={times} series={[{ label: t("waiting"), tone: "warn", values: of("waiting") }]} />
        <TrendChart title={t("Calls")} times={times} series={[{ label: t("at a time"), tone: "accent", values: of("calls") }]} />
        <TrendChart title={t("Registrations")} times={times} series={[{ label: t("telephones"), tone: "ok", values: of("registrations") }]} />
      </div>
    </section>
  );
}
