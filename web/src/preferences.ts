// What a browser remembers of its user: layout, view level, scheme. Nothing secret.
import { useSyncExternalStore } from "react";

export const levels = ["basic", "advanced", "expert"] as const;
export type Level = (typeof levels)[number];
export type Layout = "dash" | "classic";
export type Scheme = "auto" | "light" | "dark";

const watchers = new Set<() => void>();
function subscribe(watcher: () => void) {
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
}

function preference<T extends string>(name: string, initial: T, changed?: (value: T) => void) {
  const key = `postamt.${name}`;
  const get = () => (localStorage.getItem(key) ?? initial) as T;
  const set = (value: T) => {
    localStorage.setItem(key, value);
    changed?.(value);
    for (const watcher of watchers) watcher();
  };
  return { get, use: (): [T, (value: T) => void] => [useSyncExternalStore(subscribe, get), set] };
}

export const showScheme = (scheme: Scheme) => {
  if (scheme === "auto") delete document.documentElement.dataset.scheme; else document.documentElement.dataset.scheme = scheme;
};
const level = preference<Level>("view-level", "basic");
const layout = preference<Layout>("admin-layout", "dash");
const scheme = preference<Scheme>("scheme", "auto", showScheme);

export type Pane = "right" | "below" | "off";
export type Density = "comfortable" | "dense";
export type Grouping = "threads" | "messages";
export type Writing = "rich" | "plain";
const pane = preference<Pane>("reading-pane", "right");
const density = preference<Density>("density", "comfortable");
const grouping = preference<Grouping>("grouping", "threads");
const writing = preference<Writing>("writing", "rich");

export const usePane = pane.use;
export const useDensity = density.use;
export const useGrouping = grouping.use;
export const useWriting = writing.use;
export const useViewLevel = level.use;
export const useLayout = layout.use;
export const useScheme = scheme.use;
showScheme(scheme.get());
