// Telephony beside kamailio and rtpengine: registrations, calls, relayed packets.
const VOICE_USERS = 1000;
const VOICE_PASSWORD = "secretphone7";

/** Users of sipp, whose passwords hold no blanks. */
async function users(call) {
  for (let user = 0; user < VOICE_USERS; user += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => call("POST", "/domains/bench.test/accounts", { name: `v${user + n}`, password: VOICE_PASSWORD })));
  }
}

/** Alternated runs of both sides; the medians of each. */
async function beside(rounds, medians, sides, run) {
  const results = sides.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [n, side] of sides.entries()) results[n].push(await run(side));
  }
  return results.map(medians);
}

export async function voice({ call, load, peers, row, number, medians, rounds, seconds, offset, postamt }) {
  await users(call);
  peers("start", "kamailio.sh");
  const sides = [
    { port: 5060 + offset, pids: () => postamt.pids, more: ["--user-format", "v%d", "--password", VOICE_PASSWORD] },
    { port: 5070, pids: () => peers("pid", "kamailio.sh"), more: ["--password", "secret"] },
  ];
  const sip = (side, mode, duration, more) => load("sip_load", ["--host", "127.0.0.1", "--port", side.port, "--mode", mode, "--users", VOICE_USERS, "--duration", duration, "--cpu-pid", side.pids(), ...side.more, ...more]);
  const runs = [
    ["REGISTER, 50 at a time", "register", ["--rate", 0, "--concurrent", 50]],
    ["REGISTER at 500/s", "register", ["--rate", 500]],
    ["calls at 300/s", "call", ["--rate", 300, "--skip-register"]],
    ["calls at 1,000/s", "call", ["--rate", 1000, "--concurrent", 2000, "--skip-register"]],
  ];
  const measured = async (sides) => {
    // Each side knows the telephones, those that answer too, before anything is counted.
    for (const side of sides) sip(side, "call", 1, ["--rate", 20]);
    const results = [];
    for (const [, mode, more] of runs) results.push(await beside(rounds, medians, sides, (side) => sip(side, mode, seconds, more)));
    return results;
  };
  try {
    const results = await measured(sides);
    // Once without records, ladders and events.
    await call("PATCH", "/server/modules/sip", { set: { history: false } });
    const bare = await measured(sides.slice(0, 1));
    for (const [n, [what, mode]] of runs.entries()) {
      const [[ours, theirs], [without]] = [results[n], bare[n]];
      const cpu = (side) => number(side.server_cpu_us_per_op, 0);
      row(`${what}: per second`, number(ours.ok_per_s, 0), number(theirs.ok_per_s, 0), "");
      row(`${what}: CPU us each (PostgreSQL counted)`, cpu(ours), cpu(theirs), `${number(ours.server_cpu_us_per_op / theirs.server_cpu_us_per_op, 2)} x, goal 1`);
      row(`${what}: CPU us each without records, ladders and events`, cpu(without), cpu(theirs), `${number(without.server_cpu_us_per_op / theirs.server_cpu_us_per_op, 2)} x`);
      row(`${what}: failed, sent again`, `${ours.failed}, ${ours.retransmissions}`, `${theirs.failed}, ${theirs.retransmissions}`, "goal 0, 0");
      if (mode === "call") row(`${what}: post-dial delay p99 ms`, number(ours.post_dial_p99_ms), number(theirs.post_dial_p99_ms), "goal 12");
    }
  } finally {
    peers("stop", "kamailio.sh");
  }
}

/** What 100,000 telephones that are registered take in memory: ten of each account. */
export async function bindings({ call, load, row, number, offset, memory }) {
  const [accounts, each] = [10_000, 10];
  for (let user = 0; user < accounts; user += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => call("POST", "/domains/bench.test/accounts", { name: `b${user + n}`, password: VOICE_PASSWORD })));
  }
  const before = memory();
  const told = Array.from({ length: each }, (_, n) => load("sip_load", ["--host", "127.0.0.1", "--port", 5060 + offset, "--mode", "register", "--users", accounts, "--user-format", "b%d", "--password", VOICE_PASSWORD, "--rate", 3000, "--concurrent", 500, "--count", accounts, "--duration", 120, "--answer-port", 6000 + n]));
  const sum = (key) => told.reduce((sum, one) => sum + one[key], 0);
  const atOnce = memory();
  // Until the transactions of what was registered last are over.
  await new Promise((resolve) => setTimeout(resolve, 40_000));
  const { registrations } = await call("GET", "/sip/stats");
  row(`${accounts * each} telephones: registered, failed, bindings held`, `${sum("ok")}, ${sum("failed")}, ${registrations}`, "", "");
  row(`${accounts * each} telephones: PSS of our process before, while they register, and 40 s later, MiB`, `${number(before)}, ${number(atOnce)}, ${number(memory())}`, "", "goal 150");
}

/** Packets of calls that all go through the relay, beside rtpengine in user space and the kernel's own echo. */
export async function media({ call, load, peers, echo, row, number, medians, rounds, seconds, offset, postamt, password }) {
  await call("PATCH", "/server/modules/media", { set: { force: "always" } });
  await call("PATCH", "/network/media-ports", { first_port: 10000, last_port: 22999, max_streams: 10000 });
  peers("start", "rtpengine.sh");
  const rtp = (more) => load("rtp_load", ["--host", "127.0.0.1", "--duration", seconds, ...more]);
  const thousand = ["--streams", 1000];
  const sides = [
    (more = thousand) => rtp(["--port", 5060 + offset, "--control", "sip", "--users", 20, "--domain", "bench.test", "--password", password, "--cpu-pid", postamt.pids, ...more]),
    (more = thousand) => rtp(["--port", 2223, "--control", "ng", "--cpu-pid", peers("pid", "rtpengine.sh"), ...more]),
    () => echo((port, pid) => rtp(["--port", port, "--control", "echo", "--ports", 1000, "--cpu-pid", pid, ...thousand])),
  ];
  try {
    const [ours, theirs, plain] = await beside(rounds, medians, sides, (side) => side());
    row("1,000 streams: CPU us a packet (rtpengine)", number(ours.server_cpu_us_per_packet), number(theirs.server_cpu_us_per_packet), `${number(ours.server_cpu_us_per_packet / theirs.server_cpu_us_per_packet, 2)} x, goal 0.65`);
    row("1,000 streams: CPU us a packet (plain echo)", number(ours.server_cpu_us_per_packet), number(plain.server_cpu_us_per_packet), `${number(ours.server_cpu_us_per_packet / plain.server_cpu_us_per_packet, 2)} x, goal 1.1`);
    row("1,000 streams: loss %", number(ours.loss_percent, 3), number(theirs.loss_percent, 3), "goal 0");
    row("1,000 streams: added latency p99 ms", number(ours.latency_p99_ms), number(theirs.latency_p99_ms), "goal 5");
    const cores = (one) => `${number(one.server_cpu_cores, 2)} + ${number(one.generator_cores, 2)}`;
    const most = sides.slice(0, 2).map(capacity);
    row("most streams with less than 0.1 % loss", number(most[0].streams, 0), number(most[1].streams, 0), `${number(most[0].streams / most[1].streams, 2)} x, goal 1.2`);
    row("their cores of relay + generator", cores(most[0]), cores(most[1]), "");
  } finally {
    peers("stop", "rtpengine.sh");
  }
}

/** The last run of a side, of ever more streams, that lost less than one packet in a thousand. */
function capacity(side) {
  let carried = { streams: 0 };
  for (let streams = 3000; ; streams += 500) {
    // Ports rest for half a minute.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 31_000);
    let run;
    try {
      run = side(["--streams", streams]);
    } catch (error) {
      console.error(`${streams} streams: ${error.message}`);
      return carried;
    }
    if (run.loss_percent >= 0.1) return carried;
    carried = run;
  }
}
