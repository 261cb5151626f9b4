#!/usr/bin/env node
// How much compressed script the first screens load; too much is an error.
import { readFileSync, statSync } from "node:fs";

const dist = new URL("../dist/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8"));
const limits = [
  { what: "administration: sign-in and Dash", most: 250, of: ["admin.html", "src/pages/dash/Dash.tsx", "src/pages/setup/SetUp.tsx"] },
  { what: "users: sign-in, Inbox and a message", most: 350, of: ["user.html", "src/pages/mail/Mail.tsx", "src/pages/mail/HtmlView.tsx"], never: "src/pages/compose/Editor.tsx" },
];

function collect(key, found) {
  const chunk = manifest[key];
  if (!chunk || found.has(chunk.file)) return;
  found.add(chunk.file);
  for (const next of chunk.imports ?? []) collect(next, found);
}

let good = true;
for (const { what, most, of, never } of limits) {
  const files = new Set();
  for (const key of of) collect(key, files);
  const octets = [...files].filter((file) => file.endsWith(".js")).reduce((sum, file) => {
    try { return sum + statSync(`${dist}${file}.br`).size; } catch { return sum + statSync(`${dist}${file}`).size; }
  }, 0);
  const kib = octets / 1024;
  // What is loaded later must not slip in by an import.
  if (never && (!manifest[never] || files.has(manifest[never].file))) { good = false; console.log(`error: ${what}: ${never} is not a part of its own`); }
  if (kib > most) good = false;
  console.log(`${kib > most ? "error: " : ""}${what}: ${kib.toFixed(1)} KiB of compressed script, at most ${most}`);
}
process.exit(good ? 0 : 1);
