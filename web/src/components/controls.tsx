// Buttons, chips, menus, notes: the small pieces every page is made of.
import { useEffect, useId, useRef, type ButtonHTMLAttributes, type ReactElement, type ReactNode, cloneElement } from "react";
import { Icon, type IconName } from "./Icon";
import { toast } from "./toast";
import { t, type Key } from "../i18n";
import { ago, moment } from "../i18n/format";

type Tone = "ok" | "info" | "warn" | "error";
const toneIcon: Record<Tone, IconName> = { ok: "check", info: "info", warn: "warn", error: "error" };

export function Button({ tone, icon, busy, className = "", children, ...rest }: { tone?: "primary" | "danger" | "quiet"; icon?: IconName; busy?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" className={`button ${tone ?? ""} ${icon && !children ? "icon" : ""} ${className}`} aria-busy={busy || undefined} {...rest} disabled={rest.disabled || busy}>
      {icon && <Icon name={icon} />}{children}
    </button>
  );
}

/** A state in a word; the icon says the same to who cannot tell colours apart. */
export function Chip({ tone, children, title }: { tone?: Tone | undefined; children: ReactNode; title?: string }) {
  return <span className={`chip ${tone ?? ""}`} title={title}>{tone && tone !== "info" && <Icon name={toneIcon[tone]} />}{children}</span>;
}

export function Note({ tone = "info", children }: { tone?: Tone; children: ReactNode }) {
  return <div className={`note ${tone}`} role={tone === "error" ? "alert" : undefined}><Icon name={toneIcon[tone]} /><div className="grow">{children}</div></div>;
}

/** Something one copies by a click. */
export function Copy({ text, children }: { text: string; children?: ReactNode }) {
  const copy = () => void navigator.clipboard?.writeText(text).then(() => toast(t("Copied")));
  return <button type="button" className="copy mono" title={t("Copy")} onClick={copy}>{children ?? text}</button>;
}

/** A moment as one speaks of it; the exact one on hover. */
export function Time({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at} title={moment(at)}>{ago(at)}</time> : <span className="muted">–</span>;
}

/** What more can be done; closes on a choice, on Escape and on a click elsewhere. */
export function Menu({ label, icon = "more", children, up = false }: { label: string; icon?: IconName; children: ReactNode; up?: boolean }) {
  const root = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !root.current?.contains(event.target as Node)) root.current?.removeAttribute("open");
    };
    addEventListener("click", close);
    addEventListener("keydown", close);
    return () => { removeEventListener("click", close); removeEventListener("keydown", close); };
  }, []);
  return (
    <details className={`menu ${up ? "up" : ""}`} ref={root}>
      <summary className="button icon quiet" aria-label={label} title={label}><Icon name={icon} /></summary>
      <div onClick={() => root.current?.removeAttribute("open")}>{children}</div>
    </details>
  );
}

/** A labelled control, its help and what is wrong with it. */
export function Field({ label, help, fault, children }: { label: ReactNode; help?: ReactNode; fault?: string | null | undefined; children: ReactElement<Record<string, unknown>> }) {
  const id = useId();
  const about = [help ? `${id}h` : "", fault ? `${id}f` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, { id, "aria-invalid": fault ? true : undefined, "aria-describedby": about || undefined })}
      {help && <div className="help" id={`${id}h`}>{help}</div>}
      {fault && <div className="fault" id={`${id}f`} role="alert">{fault}</div>}
    </div>
  );
}

/** One of a few. */
export function Segments<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map(([one, text]) => <button key={one} type="button" aria-pressed={one === value} onClick={() => onChange(one)}>{text}</button>)}
    </div>
  );
}

/** Parts of a page that show one at a time. */
export function Tabs<T extends string>({ label, value, tabs, onChange }: { label: string; value: T; tabs: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  const move = (event: React.KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const next = tabs[(tabs.findIndex(([one]) => one === value) + step + tabs.length) % tabs.length];
    if (next) { onChange(next[0]); (event.currentTarget.querySelector(`[data-tab="${next[0]}"]`) as HTMLElement | null)?.focus(); }
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(([one, text]) => <button key={one} type="button" role="tab" data-tab={one} aria-selected={one === value} tabIndex={one === value ? 0 : -1} onClick={() => onChange(one)}>{text}</button>)}
    </div>
  );
}

export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return <div className="empty"><p>{children}</p>{action}</div>;
}

export const Loading = () => <div role="status" aria-label={t("Loading")}>{[70, 90, 55].map((width) => <div key={width} className="skeleton" style={{ width: `${width}%` }} />)}</div>;

/** Names and values of an object. */
export function Facts({ of }: { of: readonly (readonly [Key, ReactNode] | null | false | undefined)[] }) {
  return <dl className="facts">{of.map((one) => one && <div key={one[0]} style={{ display: "contents" }}><dt>{t(one[0])}</dt><dd>{one[1]}</dd></div>)}</dl>;
}
