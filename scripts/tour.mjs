#!/usr/bin/env node
// Runs the README's tour against a fresh server: each ```sh block whose next block is ```text must print that text.
// In the text, … stands for anything. Ports in the README are those of `make run`; here they are moved by an offset.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const binary = join(root, process.argv[process.argv.indexOf("--binary") + 1]);
const tour = readFileSync(join(root, "README.md"), "utf8").split(/^## /m).find((part) => part.startsWith("A five-minute tour")) ?? "";
const blocks = [...tour.matchAll(/^```sh\n([^]*?)^```\n+(?:^```text\n([^]*?)^```)?/gm)].map(([, command, text]) => ({ command, text }));
if (blocks.length === 0) throw new Error("the README has no tour");

const free = (port) => new Promise((resolve) => {
  const server = createServer().once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
});
let offset = 30_000 + (process.pid % 20_000);
while (!(await free(8010 + offset))) offset += 1;
const moved = (text) => text.replace(/(localhost|127\.0\.0\.1):(\d+)/g, (_, host, port) => `${host}:${Number(port) + offset}`);

const data = mkdtempSync(join(tmpdir(), "postamt-tour-"));
const server = spawn(binary, ["serve", "--dev", "--data", join(data, "data"), "--port-offset", String(offset)], { stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => server.once("exit", resolve));
let failures = 0;
try {
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(`http://127.0.0.1:${8010 + offset}/health/ready`).then((answer) => answer.ok, () => false);
    if (ready) break;
    if (tries > 600) throw new Error("the server did not become ready");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // What a block assigns is there in the blocks after it, as in a terminal.
  const variables = [...tour.matchAll(/^([A-Z]+)=/gm)].map(([, name]) => name).join(" ");
  const kept = join(data, "variables");
  writeFileSync(kept, "");
  for (const { command, text } of blocks) {
    const script = `. ${kept}\n${moved(command)}\ndeclare -p ${variables} > ${kept} 2>/dev/null || true`;
    const printed = execFileSync("bash", ["-euo", "pipefail", "-c", script], { cwd: root, encoding: "utf8", env: { ...process.env, DATA: join(data, "data") } });
    if (text === undefined) continue;
    const pattern = moved(text).trim().split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^]*");
    const good = new RegExp(`^${pattern}$`).test(printed.trim());
    console.log(`${good ? "ok" : "FAILED"}: ${command.trim().split("\n")[0]}`);
    if (!good) { failures += 1; console.log(`expected:\n${moved(text)}printed:\n${printed}`); }
  }
} finally {
  server.kill("SIGTERM");
  await ended;
  rmSync(data, { recursive: true, force: true });
}
console.log(`tour: ${blocks.length - failures} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
