// Places of an app: paths, the pages behind them (each a file of its own), and moving between them without a reload.
import { createContext, lazy, useContext, useEffect, useSyncExternalStore, type AnchorHTMLAttributes, type ComponentType, type LazyExoticComponent, type MouseEvent } from "react";

export type Params = Record<string, string>;
type Page = ComponentType;
export interface Route { path: string; page: LazyExoticComponent<Page>; load: () => Promise<{ default: Page }> }

/** A place; `:name` in the path becomes a parameter. */
export function route(path: string, load: () => Promise<{ default: Page }>): Route {
  return { path, page: lazy(load), load };
}

/** The route of a path, and what stands in its place of parameters. */
export function match(routes: readonly Route[], path: string): { route: Route; params: Params } | null {
  const parts = path.split("/").filter(Boolean);
  for (const one of routes) {
    const wanted = one.path.split("/").filter(Boolean);
    if (wanted.length !== parts.length) continue;
    const params: Params = {};
    const fits = wanted.every((word, index) => {
      const part = parts[index] ?? "";
      if (!word.startsWith(":")) return word === part;
      params[word.slice(1)] = decodeURIComponent(part);
      return true;
    });
    if (fits) return { route: one, params };
  }
  return null;
}

const movers = new Set<() => void>();
const moved = () => { for (const mover of movers) mover(); };
/** Asked before a page is left; false keeps it. */
const guards = new Set<() => boolean>();
/** Asks whether typed text may be lost; set by the shell. */
let asking: (go: () => void) => void = (go) => go();
export const askBeforeLoss = (ask: (go: () => void) => void) => { asking = ask; };

addEventListener("popstate", moved);

export function navigate(to: string, { replace = false } = {}) {
  const go = () => {
    if (replace) history.replaceState(null, "", to); else history.pushState(null, "", to);
    moved();
    if (!replace) scrollTo(0, 0);
  };
  const elsewhere = new URL(to, location.href).pathname !== location.pathname;
  if (elsewhere && [...guards].some((guard) => guard())) asking(go); else go();
}

/** Asks before a page with unsaved text is left. */
export function useGuard(unsaved: boolean) {
  useEffect(() => {
    if (!unsaved) return undefined;
    const guard = () => true;
    const leave = (event: BeforeUnloadEvent) => event.preventDefault();
    guards.add(guard);
    addEventListener("beforeunload", leave);
    return () => { guards.delete(guard); removeEventListener("beforeunload", leave); };
  }, [unsaved]);
}

function subscribe(mover: () => void) {
  movers.add(mover);
  return () => { movers.delete(mover); };
}
export const usePath = () => useSyncExternalStore(subscribe, () => location.pathname);

/** A word of the query, and how to change it without another entry in the history. */
export function useSearch<T extends string = string>(name: string, initial: NoInfer<T>): [T, (value: T) => void] {
  const search = useSyncExternalStore(subscribe, () => location.search);
  const value = (new URLSearchParams(search).get(name) ?? initial) as T;
  return [value, (next) => {
    const query = new URLSearchParams(location.search);
    if (next === initial) query.delete(name); else query.set(name, next);
    navigate(`${location.pathname}${query.size > 0 ? `?${query}` : ""}${location.hash}`, { replace: true });
  }];
}

export const ParamsContext = createContext<Params>({});
/** A parameter of the path. */
export const useParam = (name: string): string => useContext(ParamsContext)[name] ?? "";

export function Link({ to, onClick, ...rest }: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href">) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
