#!/usr/bin/env node
// Compares the words each application uses with those its languages have: every one must be there in German, none may be dead.
// A language beside it is offered once it has them all too. `--new` prints what is missing, ready to be filled in.
import { existsSync, readFileSync } from "node:fs";
import { missing as missingIn, wordsOf } from "./languages.mjs";
import { dirname, join } from "node:path";

const source = new URL("../src", import.meta.url).pathname;
const read = (path) => readFileSync(path, "utf8");
const literal = (text) => { try { return JSON.parse(`"${text}"`); } catch { return text; } };
const german = Object.fromEntries(["common", "admin", "user"].map((name) => [name, [...read(join(source, `i18n/de/${name}.ts`)).matchAll(/^  "((?:[^"\\]|\\.)*)":/gm)].map(([, key]) => literal(key))]));

/** A file and all it imports, languages left out. */
function reach(path, found = new Map()) {
  if (found.has(path) || path.includes("/i18n/de/") || path.includes("/generated/")) return found;
  const text = read(path);
  found.set(path, text);
  for (const [, target] of text.matchAll(/(?:from|import\()\s*["'](\.[^"'`]*)["']/g)) {
    const base = join(dirname(path), target);
    const file = [base, `${base}.ts`, `${base}.tsx`, join(base, "index.ts")].find((one) => /\.tsx?$/.test(one) && existsSync(one));
    if (file) reach(file, found);
  }
  return found;
}

const faults = new Set();
const missing = new Set();
const quoted = new Set();
for (const name of ["admin", "user"]) {
  const known = new Set([...german.common, ...german[name]]);
  for (const text of reach(join(source, `${name}.tsx`)).values()) {
    for (const [, key] of text.matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)) if (!known.has(literal(key))) { missing.add(literal(key)); faults.add(`no German for ${JSON.stringify(literal(key))} in the words of ${name}`); }
    // Tables and their columns translate what they are called themselves.
    for (const [, key] of text.matchAll(/(?:<Table(?:<\w+>)? label=|\{ label: )"((?:[^"\\]|\\.)*)"/g)) if (!known.has(literal(key))) { missing.add(literal(key)); faults.add(`no German for ${JSON.stringify(literal(key))} in the words of ${name}`); }
    // Keys that reach t() by way of a table stand there as plain strings.
    for (const [, key] of text.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)) quoted.add(literal(key));
  }
}
const all = Object.values(german).flat();
for (const key of all) if (!quoted.has(key)) faults.add(`${JSON.stringify(key)} is used nowhere`);
for (const name of ["admin", "user"]) for (const key of german[name]) if (german.common.includes(key)) faults.add(`${JSON.stringify(key)} stands in common and in ${name}`);
if (process.argv.includes("--new")) console.log([...missing].sort().map((key) => `  ${JSON.stringify(key)}: "",`).join("\n"));
const places = (text) => [...new Set(text.match(/\{\w*\}/g) ?? [])].sort().join();
for (const language of ["de", "ru"]) {
  const [measure, own] = [wordsOf("de"), wordsOf(language)];
  for (const [name, words] of Object.entries(own)) {
    for (const [key, value] of words) {
      if (!measure[name].has(key)) faults.add(`${JSON.stringify(key)} stands in ${language}/${name} and is used nowhere`);
      if (/^(?!setting\.|problem\.)/.test(key) && places(key) !== places(value) && name !== "coded") faults.add(`${language}/${name}: other values in ${JSON.stringify(value)} than in ${JSON.stringify(key)}`);
    }
  }
  const lacking = missingIn(language);
  if (lacking.length > 0) console.log(`${language}: ${lacking.length} words are missing, so it is not offered`);
  if (process.argv.includes("--new")) for (const key of lacking) console.log(`  ${JSON.stringify(key)}: "",`);
}
for (const fault of faults) console.error(`error: ${fault}`);
process.exit(faults.size === 0 ? 0 : 1);
