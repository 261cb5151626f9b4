// What both applications share: who is signed in, which page the path means, and the messages above all pages.
import { QueryClientProvider } from "@tanstack/react-query";
import { Component, Suspense, useEffect, useState, useSyncExternalStore, type ComponentType, type ReactNode } from "react";
import { line, sent } from "../api/client";
import { queries, useCall } from "../api/hooks";
import type { Principal } from "../api/generated/types";
import { session, start } from "../api/session";
import { Button, Empty, Loading } from "../components/controls";
import { confirm, Confirmation } from "../components/Dialog";
import { Toasts } from "../components/toast";
import { t, useLanguage } from "../i18n";
import { askBeforeLoss, match, ParamsContext, usePath, type Route } from "../router";
import { SignIn, SignInAgain } from "./SignIn";

export interface Application {
  name: string;
  routes: readonly Route[];
  /** What surrounds every page. */
  Frame: ComponentType<{ principal: Principal; routes: readonly Route[]; children: ReactNode }>;
  /** Shown instead of everything while it has something to say: the set-up of a fresh server. */
  Before?: ComponentType<{ children: ReactNode }>;
}

export function App({ application }: { application: Application }) {
  useLanguage();
  useEffect(() => {
    void start();
    askBeforeLoss((go) => confirm({ title: t("Leave without saving?"), text: t("What you typed here is not saved."), action: t("Leave"), danger: true, yes: go }));
  }, []);
  const Before = application.Before ?? Passing;
  return (
    <QueryClientProvider client={queries}>
      <Before><Inside application={application} /></Before>
      <Confirmation />
      <Toasts />
    </QueryClientProvider>
  );
}

const Passing = ({ children }: { children: ReactNode }) => <>{children}</>;

function Inside({ application }: { application: Application }) {
  const state = useSyncExternalStore(session.subscribe, session.state);
  useEffect(() => { if (state === "out") queries.clear(); }, [state]);
  if (state === "starting") return <Loading />;
  if (state === "out") return <SignIn />;
  return <>{state === "expired" && <SignInAgain />}<SignedIn application={application} /></>;
}

function SignedIn({ application: { name, routes, Frame } }: { application: Application }) {
  const path = usePath();
  const up = useSyncExternalStore(line.subscribe, line.up);
  const { data: principal, error, refetch } = useCall("getCurrentPrincipal", {}, { staleTime: 60_000 });
  const found = match(routes, path);
  useEffect(() => { sent.clear(); }, [path]);
  useTitle(name, path);
  if (error) return <Empty action={<Button onClick={() => void refetch()}>{t("Try again")}</Button>}>{t("The server does not answer.")}</Empty>;
  if (!principal) return <Loading />;
  session.principal = principal;
  return (
    <Frame principal={principal} routes={routes}>
      {!up && <div className="banner" role="alert">{t("No connection to the server. What you typed stays here.")}</div>}
      <Broken key={path}>
        <Suspense fallback={<Loading />}>
          {found ? <ParamsContext value={found.params}><found.route.page key={path} /></ParamsContext> : <div className="page"><Empty>{t("There is no such page.")}</Empty></div>}
        </Suspense>
      </Broken>
    </Frame>
  );
}

/** The window is named by the heading of the page. */
function useTitle(name: string, path: string) {
  useEffect(() => {
    const read = () => { const heading = document.querySelector("h1")?.textContent; document.title = heading ? `${heading} – ${name}` : name; };
    const watch = new MutationObserver(read);
    const root = document.getElementById("app");
    if (root) watch.observe(root, { childList: true, subtree: true });
    read();
    return () => watch.disconnect();
  }, [name, path]);
}

/** A page that fails takes nothing else with it. */
class Broken extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) { return { error }; }
  override render() {
    if (!this.state.error) return this.props.children;
    return <div className="page"><Empty action={<Button onClick={() => location.reload()}>{t("Load anew")}</Button>}>{t("This page failed: {reason}", { reason: this.state.error.message })}</Empty></div>;
  }
}

/** A heading with what can be done, above a page. */
export function PageHead({ title, crumbs, chip, children }: { title: ReactNode; crumbs?: ReactNode; chip?: ReactNode; children?: ReactNode }) {
  return (
    <header>
      <div className="grow stack tight">
        {crumbs && <nav className="crumbs" aria-label={t("Path")}>{crumbs}</nav>}
        <div className="row"><h1>{title}</h1>{chip}</div>
      </div>
      {children && <div className="row">{children}</div>}
    </header>
  );
}

/** The page's frame of mind: narrow for forms, wide for tables. */
export function Page({ children }: { children: ReactNode }) {
  return <main className="page" id="content">{children}</main>;
}

/** Toggles for who knows no state otherwise. */
export function useToggle(initial = false): [boolean, () => void, () => void] {
  const [on, set] = useState(initial);
  return [on, () => set(true), () => set(false)];
}
