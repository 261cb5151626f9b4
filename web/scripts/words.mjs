#!/usr/bin/env node
// Compares the words used with those translated: every one must be there in German, and none that is not used.
// `--new` prints what is missing, ready to be filled in.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const source = new URL("../src", import.meta.url).pathname;
const files = readdirSync(source, { recursive: true }).filter((name) => /\.tsx?$/.test(name) && !name.startsWith("i18n/") && !name.includes("generated"));
const texts = files.map((name) => readFileSync(join(source, name), "utf8"));
const literal = (text) => JSON.parse(`"${text}"`);
const used = new Set(texts.flatMap((text) => [...text.matchAll(/\bt\("((?:[^"\\]|\\.)*)"/g)].map(([, key]) => literal(key))));
// Keys that reach t() by way of a table stand there as plain strings.
const quoted = new Set(texts.flatMap((text) => [...text.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(([, key]) => { try { return literal(key); } catch { return key; } })));
const translated = ["common", "admin", "user"].flatMap((name) => [...readFileSync(join(source, `i18n/de/${name}.ts`), "utf8").matchAll(/^  "((?:[^"\\]|\\.)*)":/gm)].map(([, key]) => literal(key)));
const known = new Set(translated);
const missing = [...used].filter((key) => !known.has(key)).sort();
const dead = translated.filter((key) => !used.has(key) && !quoted.has(key) && !/^(setting|help|choice|problem|check|event|word)\./.test(key));
const twice = translated.filter((key, index) => translated.indexOf(key) !== index);
if (process.argv.includes("--new")) console.log(missing.map((key) => `  ${JSON.stringify(key)}: "",`).join("\n"));
for (const key of missing) console.error(`error: no German for ${JSON.stringify(key)}`);
for (const key of dead) console.error(`error: ${JSON.stringify(key)} is used nowhere`);
for (const key of twice) console.error(`error: ${JSON.stringify(key)} is translated twice`);
process.exit(missing.length + dead.length + twice.length === 0 ? 0 : 1);
