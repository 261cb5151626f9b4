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
function beside(rounds, medians, sides, run) {
  const results = sides.map(() => []);
  for (let round = 0; round < rounds; round += 1) sides.forEach((side, n) => results[n].push(run(side)));
  return results.map(medians);
}

export async function voice({ call, load, peers, row, number, medians, rounds, seconds, offset, postamt }) {
  await users(call);
  peers("start", "kamailio.sh");
  const sides = [
    { port: 5060 + offset, pids: () => postamt.pids, more: ["--user-format", "v%d", "--password", VOICE_PASSWORD] },
    { port: 5070, pids: () => peers("pid", "kamailio.sh"), more: ["--password", "secret"] },
  ];
  // Once without what records, events and their database cost.
  const alone = { ...sides[0], pids: () => postamt.server.pid };
  const sip = (side, mode, more) => load("sip_load", ["--host", "127.0.0.1", "--port", side.port, "--mode", mode, "--users", VOICE_USERS, "--duration", seconds, "--cpu-pid", side.pids(), ...side.more, ...more]);
  try {
    for (const [what, mode, more] of [
      ["REGISTER, 50 at a time", "register", ["--rate", 0, "--concurrent", 50]],
      ["REGISTER at 500/s", "register", ["--rate", 500]],
      ["calls at 300/s", "call", ["--rate", 300, "--skip-register"]],
      ["calls at 1,000/s", "call", ["--rate", 1000, "--concurrent", 2000, "--skip-register"]],
    ]) {
      // Both sides know the answering telephones before calls are counted.
      if (mode === "call") sides.forEach((side) => load("sip_load", ["--host", "127.0.0.1", "--port", side.port, "--mode", "call", "--users", VOICE_USERS, "--duration", 1, "--rate", 20, ...side.more]));
      const [ours, theirs, own] = beside(rounds, medians, [...sides, alone], (side) => sip(side, mode, more));
      row(`${what}: per second`, number(ours.ok_per_s, 0), number(theirs.ok_per_s, 0), "");
      row(`${what}: CPU us each (PostgreSQL counted)`, number(ours.server_cpu_us_per_op, 0), number(theirs.server_cpu_us_per_op, 0), `${number(ours.server_cpu_us_per_op / theirs.server_cpu_us_per_op, 2)} x, goal 1`);
      row(`${what}: CPU us each of our process alone`, number(own.server_cpu_us_per_op, 0), number(theirs.server_cpu_us_per_op, 0), `${number(own.server_cpu_us_per_op / theirs.server_cpu_us_per_op, 2)} x`);
      row(`${what}: failed, sent again`, `${ours.failed}, ${ours.retransmissions}`, `${theirs.failed}, ${theirs.retransmissions}`, "goal 0, 0");
      if (mode === "call") row(`${what}: post-dial delay p99 ms`, number(ours.post_dial_p99_ms), number(theirs.post_dial_p99_ms), "goal 12");
    }
  } finally {
    peers("stop", "kamailio.sh");
  }
}

/** What 10,000 telephones that are registered take in memory. */
export async function bindings({ call, load, row, number, offset, memory }) {
  const count = 10_000;
  for (let user = 0; user < count; user += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => call("POST", "/domains/bench.test/accounts", { name: `b${user + n}`, password: VOICE_PASSWORD })));
  }
  const before = memory();
  const told = load("sip_load", ["--host", "127.0.0.1", "--port", 5060 + offset, "--mode", "register", "--users", count, "--user-format", "b%d", "--password", VOICE_PASSWORD, "--rate", 3000, "--concurrent", 500, "--count", count, "--duration", 120]);
  row(`${count} telephones: registered, failed`, `${told.ok}, ${told.failed}`, "", "");
  row(`${count} telephones: PSS of our process before and after, MiB`, `${number(before)}, ${number(memory())}`, "", "goal 150 with 100,000");
}

/** Packets of calls that all go through the relay, beside rtpengine in user space and the kernel's own echo. */
export async function media({ call, load, peers, echo, row, number, medians, rounds, seconds, offset, postamt, password }) {
  await call("PATCH", "/server/modules/media", { set: { force: "always" } });
  await call("PATCH", "/network/media-ports", { first_port: 10000, last_port: 29999, max_streams: 10000 });
  peers("start", "rtpengine.sh");
  const rtp = (more) => load("rtp_load", ["--host", "127.0.0.1", "--duration", seconds, ...more]);
  const thousand = ["--streams", 1000];
  const sides = [
    (more = thousand) => rtp(["--port", 5060 + offset, "--control", "sip", "--users", 20, "--domain", "bench.test", "--password", password, "--cpu-pid", postamt.pids, ...more]),
    (more = thousand) => rtp(["--port", 2223, "--control", "ng", "--cpu-pid", peers("pid", "rtpengine.sh"), ...more]),
    () => echo((port, pid) => rtp(["--port", port, "--control", "echo", "--ports", 1000, "--cpu-pid", pid, ...thousand])),
  ];
  try {
    const [ours, theirs, plain] = beside(rounds, medians, sides, (side) => side());
    row("1,000 streams: CPU us a packet (rtpengine)", number(ours.server_cpu_us_per_packet), number(theirs.server_cpu_us_per_packet), `${number(ours.server_cpu_us_per_packet / theirs.server_cpu_us_per_packet, 2)} x, goal 0.65`);
    row("1,000 streams: CPU us a packet (plain echo)", number(ours.server_cpu_us_per_packet), number(plain.server_cpu_us_per_packet), `${number(ours.server_cpu_us_per_packet / plain.server_cpu_us_per_packet, 2)} x, goal 1.1`);
    row("1,000 streams: loss %", number(ours.loss_percent, 3), number(theirs.loss_percent, 3), "goal 0");
    row("1,000 streams: added latency p99 ms", number(ours.latency_p99_ms), number(theirs.latency_p99_ms), "goal 5");
    // Ports rest for half a minute.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 31_000);
    const [many, manyOfTheirs] = sides.slice(0, 2).map((side) => side(["--streams", 3000]));
    const cores = (one) => `${number(one.server_cpu_cores, 2)} + ${number(one.generator_cores, 2)}`;
    row("3,000 streams: loss %", number(many.loss_percent, 3), number(manyOfTheirs.loss_percent, 3), "");
    row("3,000 streams: cores of relay + generator", cores(many), cores(manyOfTheirs), "");
  } finally {
    peers("stop", "rtpengine.sh");
  }
}
