// What just happened, for a few seconds.
import { useSyncExternalStore, type ReactNode } from "react";
import { Icon } from "./Icon";
import { t } from "../i18n";

interface Toast { id: number; text: ReactNode; error: boolean; undo?: () => void }
let toasts: readonly Toast[] = [];
let next = 0;
const watchers = new Set<() => void>();
const change = (list: readonly Toast[]) => { toasts = list; for (const watcher of watchers) watcher(); };

export function toast(text: ReactNode, { error = false, undo, seconds = error ? 10 : 4 }: { error?: boolean; undo?: () => void; seconds?: number } = {}) {
  const id = next += 1;
  change([...toasts, { id, text, error, ...(undo ? { undo } : {}) }]);
  setTimeout(() => dismiss(id), seconds * 1000);
  return id;
}
export const dismiss = (id: number) => change(toasts.filter((one) => one.id !== id));

export function Toasts() {
  const list = useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher); }; }, () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map(({ id, text, error, undo }) => (
        <div key={id} className="toast">
          <Icon name={error ? "error" : "check"} /><div className="grow">{text}</div>
          {undo && <button type="button" className="button quiet" onClick={() => { undo(); dismiss(id); }}>{t("Undo")}</button>}
          <button type="button" className="button icon quiet" aria-label={t("Close")} onClick={() => dismiss(id)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}
