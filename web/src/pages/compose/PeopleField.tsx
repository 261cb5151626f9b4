// Recipients: typed, pasted or chosen of those met before.
import { useId, useState, type KeyboardEvent } from "react";
import type { MailAddress } from "../../api/generated/types";
import { Icon } from "../../components/Icon";
import { t } from "../../i18n";
import { addresses, printed, shown, wellFormed } from "../mail/people";
import { known } from "./known";

const OFFERED = 50;

export function PeopleField({ label, list, domain, faults, autoFocus = false, onChange }: { label: string; list: readonly MailAddress[]; domain: string; faults: readonly (string | undefined)[]; autoFocus?: boolean; onChange: (list: MailAddress[]) => void }) {
  const [typed, setTyped] = useState("");
  const id = useId();
  const add = (text: string) => {
    // A name alone is one of the own domain.
    const more = addresses(text).map((one) => (one.email.includes("@") || /\s/.test(one.email) ? one : { ...one, email: `${one.email}@${domain}` }));
    setTyped("");
    if (more.length > 0) onChange([...list, ...more.filter((one) => !list.some((there) => there.email.toLowerCase() === one.email.toLowerCase()))]);
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); add(typed); }
    if ((event.key === "," || event.key === ";") && !typed.includes('"')) { event.preventDefault(); add(typed); }
    if (event.key === "Backspace" && typed === "" && list.length > 0) { event.preventDefault(); onChange(list.slice(0, -1)); }
  };
  const fault = faults.find(Boolean);
  return (
    <div className="people-field">
      <label htmlFor={id}>{label}</label>
      <div className="people">
        {list.map((one, index) => (
          <span key={one.email} className={`chip ${faults[index] || !wellFormed(one) ? "error" : ""}`} title={faults[index] ?? printed(one)}>{shown(one)}<button type="button" aria-label={t("Take {name} away", { name: shown(one) })} onClick={() => onChange(list.filter((other) => other !== one))}><Icon name="close" /></button></span>
        ))}
        <input id={id} value={typed} list={`${id}k`} autoFocus={autoFocus} autoComplete="off" autoCapitalize="none" spellCheck={false} aria-invalid={fault ? true : undefined} aria-describedby={fault ? `${id}f` : undefined}
          onChange={(event) => { const next = event.target.value; if (/[,;\n]\s*$/.test(next) && next.includes("@")) add(next); else setTyped(next); }} onKeyDown={keys} onBlur={() => add(typed)} />
        <datalist id={`${id}k`}>{typed.length > 0 && known().slice(0, OFFERED).map((one) => <option key={one.email} value={printed(one)} />)}</datalist>
      </div>
      {fault && <div className="fault" id={`${id}f`} role="alert">{fault}</div>}
    </div>
  );
}
