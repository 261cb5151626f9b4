// Keys without a modifier, heard on the whole page unless somebody types.
import { useEffect, useRef } from "react";

export type Keys = Record<string, () => void>;

const typing = (target: EventTarget | null) => {
  const element = target as HTMLElement | null;
  return Boolean(element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable=true], dialog, .compose"));
};

/** What a key does; true when it did something. */
export function press(keys: Keys, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return false;
  const focused = event.target as HTMLElement | null;
  // Enter on something that can be pressed presses that.
  if (event.key === "Enter" && focused?.closest?.("a, button, summary")) return false;
  const act = keys[event.key];
  if (!act) return false;
  event.preventDefault();
  act();
  return true;
}

export function useKeys(keys: Keys): (event: KeyboardEvent) => void {
  const current = useRef(keys);
  current.current = keys;
  const hear = useRef((event: KeyboardEvent) => { if (!document.querySelector("dialog[open]")) press(current.current, event); });
  useEffect(() => {
    const listener = hear.current;
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
  return hear.current;
}
