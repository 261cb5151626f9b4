#!/usr/bin/env node
// Measures Postamt beside postfix + dovecot (mail) and pgbench (API) in one run, alternately, and prints medians as a table.
//   bench/run.mjs --binary target/release/postamt [--rounds 3] [--seconds 10] [--only smtp,e2e,api,voice,media,bindings,memory,start] [--settle 300]
// Needs root: the peers have users of their own. What is below /tmp/postamt-bench is made anew.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bindings, media, voice } from "./voice.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : otherwise);
const binary = resolve(option("binary", join(here, "../target/release/postamt")));
const rounds = Number(option("rounds", 3));
const seconds = option("seconds", "10");
const settle = Number(option("settle", 300));
const only = option("only", "smtp,e2e,api,voice,media,bindings,memory,start").split(",");
const folder = "/tmp/postamt-bench";
const PASSWORD = "secret postamt 7";
const USERS = 20;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const run = (command, args, more = {}) => execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28, ...more });
const load = (script, args) => {
  const line = run(join(here, script), args.map(String)).trim().split("\n").at(-1);
  console.error(line);
  return JSON.parse(line);
};
/** Octets written to all disks so far. */
const written = () => readFileSync("/proc/diskstats", "utf8").trim().split("\n").map((line) => line.trim().split(/\s+/))
  .filter(([, , name]) => /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+)$/.test(name)).reduce((sum, fields) => sum + Number(fields[9]) * 512, 0);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const medians = (results) => Object.fromEntries(Object.keys(results[0]).map((key) => [key, typeof results[0][key] === "number" ? median(results.map((one) => one[key])) : results[0][key]]));
const free = (port) => new Promise((resolve) => {
  const server = createServer().once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
});

let offset = 30_000 + (process.pid % 10_000);
while (!(await free(8010 + offset))) offset += 1;
const api = `http://127.0.0.1:${8010 + offset}/api/v1`;

/** Starts Postamt on the folder's data; the promise ends when it is ready. */
async function start() {
  const began = performance.now();
  const environment = { ...process.env, POSTAMT_BOOTSTRAP__MAIN_DOMAIN: "main.example", POSTAMT_BOOTSTRAP__POSTMASTER_PASSWORD: PASSWORD, POSTAMT_LOG__LEVEL: "warn" };
  const server = spawn(binary, ["serve", "--dev", "--data", join(folder, "data"), "--port-offset", String(offset)], { stdio: ["ignore", "ignore", "inherit"], env: environment });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  for (let tries = 0; ; tries += 1) {
    if (await fetch(`http://127.0.0.1:${8010 + offset}/health/ready`).then((answer) => answer.ok, () => false)) break;
    if (tries > 3000 || server.exitCode !== null) throw new Error("Postamt did not become ready");
    await sleep(20);
  }
  const ready = performance.now() - began;
  const postgres = readFileSync(join(folder, "data/pg/postmaster.pid"), "utf8").split("\n")[0];
  return { server, ready, pids: `${server.pid},${postgres}`, stop: () => (server.kill("SIGTERM"), ended) };
}

let token = "";
async function call(method, path, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const asked = () => fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
  // A connection that was idle for long is closed by the server.
  const answer = await asked().catch(asked);
  const text = await answer.text();
  if (!answer.ok && answer.status !== 409) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}
async function sign_in() {
  token = "";
  token = (await call("POST", "/auth/login", { login: "postmaster", password: PASSWORD })).access_token;
}
/** The users of the load generator; rates that protect from strangers are lifted as any administrator can. */
async function prepare() {
  await sign_in();
  const unlimited = { count: -1, period: 60 };
  await call("PATCH", "/server/settings", { set: { rate_default: unlimited, rate_admin_read: unlimited, rate_admin_write: unlimited } });
  await call("POST", "/domains", { name: "bench.test" });
  for (let user = 0; user < USERS; user += 1) await call("POST", "/domains/bench.test/accounts", { name: `u${user}`, password: PASSWORD });
}

const table = [];
const row = (what, ours, theirs, verdict) => table.push([what, ours, theirs, verdict]);
const number = (value, digits = 1) => (value === undefined ? "-" : value.toFixed(digits));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
chmodSync(folder, 0o755);
const peers = (verb, script = "postfix_dovecot.sh") => run(join(here, "peers", script), [verb], { env: { ...process.env, PEER_DIR: join(folder, "peers") } }).trim();

let postamt = await start();
try {
  if (only.includes("memory")) row("idle after start: PSS of our process, MiB", number(memory()), "", "goal 40");
  await prepare();
  const mail = only.includes("smtp") || only.includes("e2e");
  if (mail) {
    const pids = peers("start").split("\n").at(-1);
    try {
      const sides = [
        { name: "postamt", smtp: 2025 + offset, imap: 2143 + offset, pids: () => postamt.pids, password: PASSWORD },
        { name: "postfix + dovecot", smtp: 2525, imap: 2143, pids: () => pids, password: "secret" },
      ];
      if (only.includes("smtp")) smtp(sides);
      if (only.includes("e2e")) await end_to_end(sides);
    } finally {
      peers("stop");
    }
  }
  if (only.includes("api")) await account();
  const bench = { call, load, peers, echo, row, number, medians, rounds, seconds, offset, postamt, password: PASSWORD };
  if (only.includes("voice")) await voice(bench);
  if (only.includes("media")) await media(bench);
  if (only.includes("bindings")) await bindings({ ...bench, memory });
  if (only.includes("memory") && mail) {
    console.error(`waiting ${settle} s`);
    await sleep(settle * 1000);
    row(`${settle} s after the benchmark: PSS of our process, MiB`, number(memory()), "", "goal 80");
  }
  if (only.includes("start")) {
    const times = [];
    for (let round = 0; round < rounds; round += 1) {
      await postamt.stop();
      postamt = await start();
      times.push(postamt.ready / 1000);
    }
    row("start on existing data until ready, s", number(median(times), 2), "", "goal 3");
  }
} finally {
  await postamt.stop();
}

/** Runs something beside the kernel's own echo of datagrams, one port for each stream. */
function echo(measure) {
  const port = 40_000;
  const server = spawn(join(here, "udp_echo"), ["--port", String(port), "--ports", "1000", "--io", "single", "--duration", "600"], { stdio: "ignore" });
  run("sleep", ["1"]);
  try {
    return measure(port, server.pid);
  } finally {
    server.kill("SIGKILL");
  }
}

function memory() {
  const [pss] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${postamt.server.pid}/smaps_rollup`, "utf8")).slice(1);
  return Number(pss) / 1024;
}

function smtp(sides) {
  for (const size of [1024, 10_240, 102_400]) {
    for (const connections of [16, 64]) {
      const results = sides.map(() => []);
      for (let round = 0; round < rounds; round += 1) {
        for (const [index, side] of sides.entries()) {
          const before = written();
          const result = load("smtp_load", ["--host", "127.0.0.1", "--port", side.smtp, "--connections", connections, "--size", size, "--duration", seconds, "--users", USERS,
            "--rcpt", "u%d@bench.test", "--verify-imap", `127.0.0.1:${side.imap}`, "--login", "u%d@bench.test", "--password", side.password, "--cpu-pid", side.pids(), "--verify-timeout", 600]);
          results[index].push({ ...result, written_mb: (written() - before) / 1e6 });
        }
      }
      const [ours, theirs] = results.map(medians);
      const what = `SMTP ${connections} connections, ${size / 1024} KiB`;
      row(`${what}: delivered/s`, number(ours.delivered_per_s), number(theirs.delivered_per_s), `${number(ours.delivered_per_s / theirs.delivered_per_s)} x, goal ${size > 50_000 ? 3 : 5}`);
      row(`${what}: CPU ms a message`, number(ours.server_cpu_us_per_op / 1000, 2), number(theirs.server_cpu_us_per_op / 1000, 2), `1/${number(theirs.server_cpu_us_per_op / ours.server_cpu_us_per_op)}${size > 50_000 ? "" : ", goal 1/8"}`);
      row(`${what}: accept p99 ms`, number(ours.accept_p99_ms), number(theirs.accept_p99_ms), ours.accept_p99_ms <= theirs.accept_p99_ms ? "not worse" : "WORSE");
      row(`${what}: lost, doubled, errors`, faults(results[0]), faults(results[1]), "");
      if (size > 50_000) {
        const rate = (side) => number(side.written_mb / (side.delivered / side.delivered_per_s));
        row(`${what}: MB/s written to disk`, rate(ours), rate(theirs), "");
      }
    }
  }
}
function faults(results) {
  return ["verified_lost", "verified_duplicate", "errors"].map((key) => results.reduce((sum, one) => sum + (one[key] ?? 0), 0)).join(", ");
}

async function end_to_end(sides) {
  const once = (side) => load("smtp_load", ["--host", "127.0.0.1", "--port", side.smtp, "--e2e", "idle", "--count", 500, "--duration", 120, "--users", USERS, "--rcpt", "u%d@bench.test",
    "--verify-imap", `127.0.0.1:${side.imap}`, "--login", "u%d@bench.test", "--password", side.password]);
  const [ours, theirs] = sides.map(once);
  row("wire to IDLE alone: p99 ms", number(ours.end_to_end_p99_ms), number(theirs.end_to_end_p99_ms), "goal 20");
  const beside = [];
  for (const side of sides) {
    const crowd = spawn(join(here, "smtp_load"), ["--host", "127.0.0.1", "--port", String(side.smtp), "--connections", "4", "--size", "10240", "--duration", "60", "--users", String(USERS), "--rcpt", "u%d@bench.test"], { stdio: "ignore" });
    await sleep(1000);
    beside.push(once(side));
    crowd.kill();
  }
  row("wire to IDLE beside 4 connections: p99 ms", number(beside[0].end_to_end_p99_ms), number(beside[1].end_to_end_p99_ms), "goal 40");
}

/** GET of an account, its row read for every request, beside pgbench's select by key. */
async function account() {
  await sign_in();
  const id = (await call("GET", "/accounts/u0@bench.test")).id;
  const postgres = join(folder, "peers");
  mkdirSync(postgres, { recursive: true });
  run(join(here, "peers/postgres.sh"), ["start"], { env: { ...process.env, PEER_DIR: postgres } });
  try {
    const selects = [], gets = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const clients of [16]) {
        const printed = run("pgbench", ["-h", "127.0.0.1", "-p", "15432", "-U", "postgres", "-n", "-S", "-M", "prepared", "-c", String(clients), "-j", "2", "-T", seconds, "bench"]);
        selects.push(Number(/tps = ([\d.]+)/.exec(printed)[1]));
        gets.push(load("api_load", ["--host", "127.0.0.1", "--port", 8010 + offset, "--path", `/api/v1/accounts/${id}`, "--connections", clients, "--duration", seconds, "--header", `Authorization: Bearer ${token}`, "--cpu-pid", postamt.pids]));
      }
    }
    const ours = medians(gets);
    row("getAccount by REST, 16 connections: requests/s (pgbench -S prepared)", number(ours.requests_per_s, 0), number(median(selects), 0), `${number((100 * ours.requests_per_s) / median(selects), 0)} %, goal 40`);
    row("getAccount: CPU us a request with PostgreSQL's", number(ours.server_cpu_us_per_op, 0), "", "goal 120");
    const calm = await paced(`${api}/accounts/${id}`, 200, 10);
    row("getAccount at 200/s: p99 ms", number(calm, 2), "", "goal 10");
  } finally {
    run(join(here, "peers/postgres.sh"), ["stop"], { env: { ...process.env, PEER_DIR: postgres } });
  }
}
/** 99th percentile of the time an answer takes, in ms, at a fixed rate. */
async function paced(url, rate, duration) {
  const times = [], open = [];
  const began = performance.now();
  for (let n = 0; n < rate * duration; n += 1) {
    const due = began + (n * 1000) / rate;
    if (due > performance.now()) await sleep(due - performance.now());
    const sent = performance.now();
    open.push(fetch(url, { headers: { Authorization: `Bearer ${token}` } }).then(async (answer) => { await answer.arrayBuffer(); times.push(performance.now() - sent); }));
  }
  await Promise.all(open);
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)];
}

const text = [["", "Postamt", "beside it", ""], ["---", "---:", "---:", "---"], ...table].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
console.log(`${cpus().length} cores, ${cpus()[0].model}; medians of ${rounds} alternated runs of ${seconds} s\n\n${text}`);
writeFileSync(join(folder, "table.md"), `${text}\n`);
