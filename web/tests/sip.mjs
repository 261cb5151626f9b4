// A telephone that only calls: INVITE with digest (RFC 8760) over UDP, and ACK of what it is told.
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const hash = (algorithm, text) => createHash(algorithm === "SHA-256" ? "sha256" : "md5").update(text).digest("hex");
const field = (message, name) => [...message.matchAll(new RegExp(`^${name}:\\s*(.*)$`, "gim"))].map(([, value]) => value.trim());

/** Calls somebody; the status of the final answer. */
export async function ring(port, { from, password, to }) {
  const socket = createSocket("udp4");
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const own = socket.address().port;
  const [user, domain] = from.split("@");
  const [callId, tag] = [randomBytes(8).toString("hex"), randomBytes(4).toString("hex")];
  const answers = [];
  let wake = () => undefined;
  socket.on("message", (data) => { answers.push(data.toString()); wake(); });
  const next = async () => {
    const until = Date.now() + 30_000;
    while (answers.length === 0) {
      if (Date.now() > until) throw new Error("no answer to the call");
      await Promise.race([new Promise((resolve) => { wake = resolve; }), new Promise((resolve) => setTimeout(resolve, 1000))]);
    }
    return answers.shift();
  };
  const send = (method, sequence, branch, more, toField) => socket.send([
    `${method} sip:${to} SIP/2.0`, `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${branch};rport`, "Max-Forwards: 70", `From: "Caller" <sip:${from}>;tag=${tag}`, `To: ${toField ?? `<sip:${to}>`}`,
    `Call-ID: ${callId}`, `CSeq: ${sequence} ${method}`, `Contact: <sip:${user}@127.0.0.1:${own}>`, ...more, "Content-Length: 0", "", "",
  ].join("\r\n"), port, "127.0.0.1");
  const final = async (sequence, branch) => {
    for (;;) {
      const message = await next();
      const status = Number(/^SIP\/2\.0 (\d{3})/.exec(message)?.[1] ?? 0);
      if (status >= 200 && field(message, "CSeq")[0]?.startsWith(`${sequence} `)) { send("ACK", sequence, branch, [], field(message, "To")[0]); return { status, message }; }
    }
  };
  try {
    send("INVITE", 1, `${callId}1`, []);
    const first = await final(1, `${callId}1`);
    if (first.status !== 401 && first.status !== 407) return first.status;
    const [asked, answer] = first.status === 407 ? ["Proxy-Authenticate", "Proxy-Authorization"] : ["WWW-Authenticate", "Authorization"];
    const challenge = field(first.message, asked)[0];
    const of = (name) => new RegExp(`${name}="?([^",]*)`, "i").exec(challenge)?.[1] ?? "";
    const [realm, nonce, algorithm, opaque, cnonce] = [of("realm"), of("nonce"), of("algorithm") || "MD5", of("opaque"), randomBytes(4).toString("hex")];
    const a1 = hash(algorithm, `${user}@${domain}:${realm}:${password}`);
    const response = hash(algorithm, `${a1}:${nonce}:00000001:${cnonce}:auth:${hash(algorithm, `INVITE:sip:${to}`)}`);
    send("INVITE", 2, `${callId}2`, [`${answer}: Digest username="${user}@${domain}", realm="${realm}", nonce="${nonce}", uri="sip:${to}", response="${response}", algorithm=${algorithm}, qop=auth, nc=00000001, cnonce="${cnonce}"${opaque ? `, opaque="${opaque}"` : ""}`]);
    return (await final(2, `${callId}2`)).status;
  } finally {
    socket.close();
  }
}
