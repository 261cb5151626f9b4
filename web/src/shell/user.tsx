// The user's places: a rail beside the page, a bar below it on a narrow screen.
import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { call } from "../api/client";
import { useCall, useLive } from "../api/hooks";
import type { Principal } from "../api/generated/types";
import { signOut } from "../api/session";
import { Button, Menu } from "../components/controls";
import { Icon, type IconName } from "../components/Icon";
import { t, type Key } from "../i18n";
import { number } from "../i18n/format";
import { known } from "../pages/compose/known";
import { begin } from "../pages/compose/answers";
import { useSignature } from "../pages/compose/signature";
import { useWritings } from "../pages/compose/store";
import { Link, navigate, usePath } from "../router";
import { ApiFoot } from "./ApiPeek";
import { go, openPalette, Palette, type Command } from "./Palette";

export interface UserPlace { text: Key; path: string; icon: IconName }

/** What a user finds here; a page of a path below one of these marks it. */
export const places: readonly UserPlace[] = [
  { text: "Mail", path: "/", icon: "mail" },
  { text: "Messages", path: "/messages", icon: "chat" },
  { text: "People", path: "/people", icon: "users" },
  { text: "Calls", path: "/calls", icon: "phone" },
  { text: "Settings", path: "/settings", icon: "settings" },
];

const Compose = lazy(() => import("../pages/compose/Compose"));

/** Mail and people that fit what is typed. */
async function findMail(query: string): Promise<Command[]> {
  const people = known().filter((one) => `${one.name} ${one.email}`.toLowerCase().includes(query.toLowerCase())).slice(0, 3);
  const found = await call("searchMessages", { account: "me", text: query, limit: 6 });
  return [
    ...people.map((one): Command => ({ text: t("Write to {name}", { name: one.name || one.email }), about: one.email, run: () => begin([one]) })),
    go(t("Search mail for {text}", { text: query }), `/?q=${encodeURIComponent(query)}`, t("Mail")),
    ...found.data.map((message) => go(message.subject || t("(no subject)"), `/?m=${message.id}`, message.from[0]?.name || message.from[0]?.email || "")),
  ];
}

export function UserFrame({ principal, children }: { principal: Principal; children: ReactNode }) {
  const path = usePath();
  const [open, setOpen] = useState(false);
  useEffect(() => { setOpen(false); }, [path]);
  useLive("im");
  useSignature();
  const { data: talks } = useCall("listConversations", { account: "me", limit: 50 }, { staleTime: 60_000 });
  const unread = (talks?.data ?? []).reduce((sum, one) => sum + one.unread, 0);
  const writing = useWritings().length > 0;
  const here = places.find((place) => path === place.path || (place.path !== "/" && path.startsWith(`${place.path}/`)));
  const commands: Command[] = [{ text: t("Write"), about: t("Mail"), run: () => begin() }, ...places.map((place) => go(t(place.text), place.path)), { text: t("Sign out"), run: () => void signOut() }];
  return (
    <>
      <a className="skip" href="#content">{t("To the content")}</a>
      <div className="frame">
        <div className="topbar">
          <Button tone="quiet" icon="menu" aria-label={t("Menu")} aria-expanded={open} onClick={() => setOpen(!open)} />
          <strong className="grow">{here && t(here.text)}</strong>
          <Button tone="quiet" icon="trace" aria-label={t("Go to or do")} onClick={openPalette} />
        </div>
        <nav className={`rail ${open ? "open" : ""}`} aria-label={t("Places")}>
          <Link to="/" className="brand"><img src="/icon.svg" alt="" />Postamt</Link>
          {places.map((place) => <Link key={place.path} to={place.path} className="place" aria-current={place === here ? "page" : undefined}><Icon name={place.icon} /><span className="grow">{t(place.text)}</span>{place.path === "/messages" && unread > 0 && <span className="chip info numbers" title={t("{n} unread", { n: number(unread) })}>{number(unread)}</span>}</Link>)}
          <div className="foot row" style={{ flexWrap: "nowrap" }}>
            <span className="muted grow" style={{ fontSize: "13px" }}>{principal.address}</span>
            <Menu label={t("Account")} icon="settings" up>
              <button type="button" onClick={() => navigate("/settings")}>{t("Settings")}</button>
              <a href="/api/docs" target="_blank" rel="noreferrer">{t("API reference")}</a>
              <hr />
              <button type="button" onClick={() => void signOut()}>{t("Sign out")}</button>
            </Menu>
          </div>
        </nav>
        <div className="main" onClick={() => setOpen(false)}>{children}<ApiFoot /></div>
      </div>
      {writing && <Suspense><Compose /></Suspense>}
      <Palette commands={commands} find={findMail} />
    </>
  );
}
