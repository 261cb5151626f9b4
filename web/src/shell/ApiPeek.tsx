// The calls behind a page: method, path, body, and the same as a command.
import { useState, useSyncExternalStore } from "react";
import { sent, type Sent } from "../api/client";
import { Button, Chip, Copy, Empty } from "../components/controls";
import { Dialog } from "../components/Dialog";
import { t } from "../i18n";
import { Link } from "../router";

const SECRET = /password|token|secret|key/i;
const masked = (body: unknown) => JSON.stringify(body, (key, value: unknown) => (SECRET.test(key) && typeof value === "string" ? "…" : value));

/** A call as one types it into a terminal; secrets are left out. */
export function curl({ method, path, body }: Pick<Sent, "method" | "path" | "body">): string {
  const data = body === undefined ? "" : ` \\\n  -H 'Content-Type: application/json' -d '${masked(body).replaceAll("'", "'\\''")}'`;
  return `curl ${method === "GET" ? "" : `-X ${method} `}'${location.origin}${path}' \\\n  -H "Authorization: Bearer $TOKEN"${data}`;
}

export function ApiFoot() {
  const [open, setOpen] = useState(false);
  return (
    <footer className="footline">
      <button type="button" onClick={() => setOpen(true)}>{t("The calls behind this page")}</button>
      <a href="/api/docs" target="_blank" rel="noreferrer">{t("API reference")}</a>
      <Link to="/explorer">GraphQL</Link>
      {open && <Calls onClose={() => setOpen(false)} />}
    </footer>
  );
}

function Calls({ onClose }: { onClose: () => void }) {
  const calls = useSyncExternalStore(sent.subscribe, sent.list);
  const [chosen, setChosen] = useState<Sent | null>(null);
  const one = chosen ?? calls[0];
  return (
    <Dialog title={t("The calls behind this page")} kind="drawer" onClose={onClose}>
      {!one ? <Empty>{t("This page has asked nothing yet.")}</Empty> : (
        <>
          <ul className="plain stack tight">
            {calls.map((call) => (
              <li key={`${call.method} ${call.path}`}><Button tone="quiet" aria-pressed={call === one} style={{ justifyContent: "flex-start", width: "100%", whiteSpace: "normal", textAlign: "start" }} onClick={() => setChosen(call)}>
                <Chip tone={call.status < 400 ? "ok" : "error"}>{call.status}</Chip><span className="mono grow">{call.method} {call.path}</span><span className="muted numbers">{call.milliseconds} ms</span>
              </Button></li>
            ))}
          </ul>
          <section className="stack tight" aria-label={one.id}>
            <h3>{one.id}</h3>
            {one.body !== undefined && <pre className="card mono">{JSON.stringify(JSON.parse(masked(one.body)), null, 2)}</pre>}
            <pre className="card mono">{curl(one)}</pre>
            <div className="row"><Copy text={curl(one)}>{t("Copy as curl")}</Copy><a href={`/api/docs#${one.id}`} target="_blank" rel="noreferrer">{t("API reference")}</a></div>
          </section>
        </>
      )}
    </Dialog>
  );
}
