// The administrator's places as a tree. One tree, two layouts: a rail beside the page, or the classic rows of tabs above it.
import { useEffect, useState, type ReactNode } from "react";
import { call } from "../api/client";
import type { Principal } from "../api/generated/types";
import { signOut } from "../api/session";
import { Button, Menu } from "../components/controls";
import { Icon, type IconName } from "../components/Icon";
import { t, type Key } from "../i18n";
import { useLayout } from "../preferences";
import { Link, match, navigate, usePath, type Route } from "../router";
import { ApiFoot } from "./ApiPeek";
import { go, openPalette, Palette, type Command } from "./Palette";

export interface Place { text: Key; path: string; icon?: IconName; right?: "server" | "domain"; places?: readonly Place[] }

/** Every place; the first place of a group is where the group leads. */
export const places: readonly Place[] = [
  { text: "Dash", path: "/", icon: "dash" },
  { text: "Users", path: "/users/domains", icon: "users", places: [
    { text: "Domains", path: "/users/domains", right: "domain" },
    { text: "Accounts", path: "/users/accounts", right: "domain" },
    { text: "Telephone numbers", path: "/users/numbers", right: "domain" },
    { text: "Account defaults", path: "/users/account-defaults", right: "server" },
    { text: "Domain defaults", path: "/users/domain-defaults", right: "server" },
  ] },
  { text: "Settings", path: "/settings/general", icon: "settings", places: [
    { text: "General", path: "/settings/general", right: "server" },
    { text: "Network", path: "/settings/network/client-ips", right: "server", places: [
      { text: "Client IPs", path: "/settings/network/client-ips" },
      { text: "Address lists", path: "/settings/network/address-lists" },
      { text: "LAN", path: "/settings/network/lan" },
      { text: "Media ports", path: "/settings/network/media-ports" },
      { text: "DNS", path: "/settings/network/dns" },
      { text: "Listeners", path: "/settings/network/listeners" },
    ] },
    { text: "Mail", path: "/settings/mail/smtp/receiving", right: "server", places: [
      { text: "SMTP", path: "/settings/mail/smtp/receiving", places: [
        { text: "Receiving", path: "/settings/mail/smtp/receiving", places: [
          { text: "Limits", path: "/settings/mail/smtp/receiving" },
          { text: "Listener", path: "/settings/mail/smtp/receiving/listener" },
        ] },
        { text: "Sending", path: "/settings/mail/smtp/sending" },
      ] },
      { text: "Queue settings", path: "/settings/mail/queue" },
    ] },
    { text: "Access", path: "/settings/access/imap", right: "server", places: [
      { text: "IMAP", path: "/settings/access/imap" },
      { text: "POP", path: "/settings/access/pop" },
    ] },
    { text: "Real-time", path: "/settings/real-time/sip", right: "server", places: [
      { text: "SIP", path: "/settings/real-time/sip" },
      { text: "Media", path: "/settings/real-time/media" },
      { text: "Web servers of rules", path: "/settings/real-time/rules" },
    ] },
    { text: "Router", path: "/settings/router", right: "server" },
    { text: "Rules", path: "/settings/rules", right: "server" },
  ] },
  { text: "Monitors", path: "/monitors/queue", icon: "monitor", places: [
    { text: "Queue", path: "/monitors/queue", right: "server" },
    { text: "Calls", path: "/monitors/calls" },
    { text: "Call records", path: "/monitors/call-records" },
    { text: "Registrations", path: "/monitors/registrations" },
    { text: "SIP and media", path: "/monitors/sip", right: "server" },
  ] },
  { text: "Trace", path: "/trace", icon: "trace" },
  { text: "Master", path: "/master/rights", icon: "master", places: [
    { text: "Rights", path: "/master/rights", right: "domain" },
    { text: "Certificates", path: "/master/certificates", right: "server" },
    { text: "API", path: "/master/api" },
  ] },
  { text: "Preferences", path: "/preferences", icon: "star" },
];

/** The places down to a path: the longest path that begins it. */
export function trail(list: readonly Place[], path: string): Place[] {
  let best: Place[] = [];
  for (const place of list) {
    const below = place.places ? trail(place.places, path) : [];
    const own = path === place.path || (place.path !== "/" && path.startsWith(`${place.path}/`)) ? [place] : [];
    const one = below.length > 0 ? [place, ...below] : own;
    const reach = (tail: Place[]) => tail.at(-1)?.path.length ?? 0;
    if (one.length > 0 && (reach(one) > reach(best) || (reach(one) === reach(best) && one.length > best.length))) best = one;
  }
  return best;
}

/** Only what is there and the principal may see. */
function allowed(list: readonly Place[], principal: Principal, routes: readonly Route[]): Place[] {
  const server = principal.server_rights.length > 0;
  return list.flatMap((place) => {
    if (place.right === "server" && !server) return [];
    if (!place.places && !match(routes, place.path)) return [];
    const below = place.places && allowed(place.places, principal, routes);
    if (below?.length === 0) return [];
    return [{ ...place, ...(below ? { places: below, path: below.some((one) => one.path === place.path) ? place.path : below[0]?.path ?? place.path } : {}) }];
  });
}

const leaves = (list: readonly Place[], above: string[] = []): { place: Place; about: string }[] =>
  list.flatMap((place) => (place.places ? leaves(place.places, [...above, t(place.text)]) : [{ place, about: above.join(" → ") }]));

async function findObjects(query: string): Promise<Command[]> {
  const commands: Command[] = [];
  if (query.includes("@")) commands.push(go(t("Explain {address}", { address: query }), `/settings/router?address=${encodeURIComponent(query)}`, t("Router")), go(t("Trace {address}", { address: query }), `/trace?q=${encodeURIComponent(query)}`, t("Trace")));
  const accounts = await call("listAccounts", { q: query, limit: 8 } as never);
  return [...accounts.data.map((account) => go(account.address, `/users/accounts/${encodeURIComponent(account.address)}`, account.real_name || t("Account"))), ...commands];
}

export function AdminFrame({ principal, routes, children }: { principal: Principal; routes: readonly Route[]; children: ReactNode }) {
  const path = usePath();
  const [layout, setLayout] = useLayout();
  const [open, setOpen] = useState(false);
  const [wide, setWide] = useState(() => matchMedia("(min-width: 801px)").matches);
  useEffect(() => { setOpen(false); }, [path]);
  useEffect(() => {
    const media = matchMedia("(min-width: 801px)");
    const change = () => setWide(media.matches);
    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, []);
  const tree = allowed(places, principal, routes);
  const here = trail(tree, path);
  const commands: Command[] = [
    ...leaves(tree).map(({ place, about }) => go(t(place.text), place.path, about)),
    go(t("Create domain"), "/users/domains?create=1", t("Domains")),
    { text: layout === "dash" ? t("Classic layout") : t("Dash layout"), about: t("Preferences"), run: () => setLayout(layout === "dash" ? "classic" : "dash") },
    { text: t("Sign out"), run: () => void signOut() },
  ];
  const classic = layout === "classic" && wide;
  return (
    <>
      <a className="skip" href="#content">{t("To the content")}</a>
      <div className={`frame ${classic ? "classic-frame" : ""}`}>
        {!classic && (
          <div className="topbar">
            <Button tone="quiet" icon="menu" aria-label={t("Menu")} aria-expanded={open} onClick={() => setOpen(!open)} />
            <strong className="grow">{t(here.at(-1)?.text ?? "Dash")}</strong>
            <Button tone="quiet" icon="trace" aria-label={t("Go to or do")} onClick={openPalette} />
          </div>
        )}
        {classic ? <ClassicTabs tree={tree} here={here} principal={principal} /> : <Rail tree={tree} here={here} open={open} principal={principal} />}
        <div className="main" onClick={() => setOpen(false)}>
          {!classic && here.length > 1 && <Subplaces here={here} />}
          {children}
          <ApiFoot />
        </div>
      </div>
      <Palette commands={commands} find={findObjects} />
    </>
  );
}

function Rail({ tree, here, open, principal }: { tree: readonly Place[]; here: readonly Place[]; open: boolean; principal: Principal }) {
  return (
    <nav className={`rail ${open ? "open" : ""}`} aria-label={t("Places")}>
      <Link to="/" className="brand"><img src="/icon.svg" alt="" />Postamt</Link>
      <button type="button" className="button quiet" style={{ justifyContent: "flex-start" }} onClick={openPalette}><Icon name="trace" /><span className="grow" style={{ textAlign: "start" }}>{t("Go to or do")}</span><kbd>Ctrl K</kbd></button>
      {tree.map((place) => {
        const current = here[0] === place;
        return (
          <div key={place.text}>
            <Link to={place.path} className="place" aria-current={current ? (place.places ? "true" : "page") : undefined}>{place.icon && <Icon name={place.icon} />}{t(place.text)}</Link>
            {current && place.places && <div className="sub">{place.places.map((sub) => <Link key={sub.path} to={sub.path} aria-current={here[1] === sub ? "page" : undefined}>{t(sub.text)}</Link>)}</div>}
          </div>
        );
      })}
      <div className="foot"><Who principal={principal} up /></div>
    </nav>
  );
}

/** The third level and what lies below it, as tabs above the page. */
function Subplaces({ here }: { here: readonly Place[] }) {
  return <>{here.slice(1).map((place, depth) => place.places && <TabRow key={place.text} list={place.places} current={here[depth + 2]} label={t(place.text)} />)}</>;
}

function TabRow({ list, current, label }: { list: readonly Place[]; current: Place | undefined; label: string }) {
  return <nav className="tabs" aria-label={label} style={{ paddingInline: "16px" }}>{list.map((place) => <Link key={place.text} to={place.path} aria-current={place === current ? "page" : undefined}>{t(place.text)}</Link>)}</nav>;
}

function ClassicTabs({ tree, here, principal }: { tree: readonly Place[]; here: readonly Place[]; principal: Principal }) {
  return (
    <div className="classic">
      <div className="row"><Link to="/" className="brand" style={{ padding: "0 8px 0 0" }}><img src="/icon.svg" alt="" />Postamt</Link><span className="grow" /><Button tone="quiet" icon="trace" onClick={openPalette}>{t("Go to or do")} <kbd>Ctrl K</kbd></Button><Who principal={principal} /></div>
      <TabRow list={tree} current={here[0]} label={t("Places")} />
      {here.map((place, depth) => place.places && <TabRow key={place.text} list={place.places} current={here[depth + 1]} label={t(place.text)} />)}
    </div>
  );
}

function Who({ principal, up = false }: { principal: Principal; up?: boolean }) {
  return (
    <div className="row" style={{ flexWrap: "nowrap" }}>
      <span className="muted grow" style={{ fontSize: "13px" }}>{principal.address}</span>
      <Menu label={t("Preferences")} icon="settings" up={up}>
        <button type="button" onClick={() => navigate("/preferences")}>{t("Preferences")}</button>
        <a href="/api/docs" target="_blank" rel="noreferrer">{t("API reference")}</a>
        <hr />
        <button type="button" onClick={() => void signOut()}>{t("Sign out")}</button>
      </Menu>
    </div>
  );
}
