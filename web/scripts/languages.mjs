// Which languages have every word. German is the measure: `words.mjs` holds it to what the applications use.
import { existsSync, readFileSync } from "node:fs";

const files = ["common", "admin", "user", "settings", "coded", "problems"];
const folder = new URL("../src/i18n/", import.meta.url);
const literal = (text) => { try { return JSON.parse(`"${text}"`); } catch { return text; } };

/** The words of a language, by file. */
export function wordsOf(language) {
  const entries = (text) => [...text.matchAll(/"((?:[^"\\]|\\.)*)": "((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [literal(key), literal(value)]);
  return Object.fromEntries(files.map((name) => {
    const path = new URL(`${language}/${name}.ts`, folder);
    return [name, new Map(existsSync(path) ? entries(readFileSync(path, "utf8")) : [])];
  }));
}

/** What German has and a language has not. */
export function missing(language) {
  const [german, own] = [wordsOf("de"), wordsOf(language)];
  return files.flatMap((name) => [...german[name].keys()].filter((key) => !own[name].has(key)));
}

/** The languages that are offered: those in which nothing would stand in another one. */
export const complete = () => ["en", "de", "ru"].filter((language) => language === "en" || missing(language).length === 0);
