// Words of the interface. The English text is its own key; a language is a record of all of them, so the compiler names what is missing.
import { useSyncExternalStore } from "react";
import { coded } from "./coded";
import type { common } from "./de/common";
import type { admin } from "./de/admin";
import type { user } from "./de/user";

export type Key = (keyof typeof common | keyof typeof admin | keyof typeof user) & string;
export type Language = "en" | "de" | "ru";
export type Words = Partial<Record<string, string>>;
declare const __LANGUAGES__: readonly Language[];
const names: Record<Language, string> = { en: "English", de: "Deutsch", ru: "Русский" };
/** The languages that have every word, and what they call themselves. */
export const languages: readonly (readonly [Language, string])[] = __LANGUAGES__.map((one) => [one, names[one]]);

const CHOICE = "postamt.language";
let words: Words = {};
let current: Language = "en";
let load: (language: Exclude<Language, "en">) => Promise<Words> = async () => ({});
const listeners = new Set<() => void>();

/** The language chosen here, else the first of the browser's that is spoken here, else English. */
export function preferred(): Language {
  const wanted = [localStorage.getItem(CHOICE), ...navigator.languages];
  const spoken = wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => languages.some(([one]) => one === tag));
  return (spoken ?? "en") as Language;
}

/** Says where the words of an app come from, and loads those of the preferred language. */
export async function speak(loader: typeof load): Promise<void> {
  load = loader;
  await become(preferred());
}

async function become(language: Language) {
  words = language === "en" ? {} : await load(language);
  current = language;
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(CHOICE, language);
  await become(language);
}

export const language = (): Language => current;
/** How numbers and times are written: as the browser is set, when it speaks this language. */
export const locale = (): string => globalThis.navigator?.languages.find((tag) => tag.toLowerCase().startsWith(current)) ?? current;
export const useLanguage = () => useSyncExternalStore((listener) => {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}, language);

/** A text in the language of the page; `{name}` is replaced. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const text = words[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

/** All words of the language of the page. */
export const dictionary = (): Words => words;

/** A text that may have no translation: a word of the API. */
export function word(text: string): string {
  return words[text] ?? coded[text] ?? text;
}
