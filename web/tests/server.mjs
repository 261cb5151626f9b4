// A server of the stories' own: fresh, on free ports, stopped by its own pid.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const free = (port) => new Promise((resolve) => {
  const server = createServer().once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
});

export async function startServer(binary) {
  let offset = 20_000 + (process.pid % 20_000);
  while (!(await Promise.all([8010, 8100, 2025, 2587, 5060].map((port) => free(port + offset)))).every(Boolean)) offset += 7;
  const folder = mkdtempSync(join(tmpdir(), "postamt-web-"));
  const data = join(folder, "data");
  const child = spawn(binary, ["serve", "--dev", "--data", data, "--port-offset", String(offset)], { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, POSTAMT_LOG__LEVEL: "warn", DATABASE_URL: "" } });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => { child.kill("SIGTERM"); await ended; rmSync(folder, { recursive: true, force: true }); };
  const admin = `http://localhost:${8010 + offset}`;
  for (let tries = 0; ; tries += 1) {
    if (await fetch(`${admin}/health/ready`).then((answer) => answer.ok, () => false)) break;
    if (tries > 600 || child.exitCode !== null) { await stop(); throw new Error("the server did not become ready"); }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { admin, user: `http://localhost:${8100 + offset}`, offset, token: readFileSync(join(data, "setup-token"), "utf8").trim(), stop };
}
