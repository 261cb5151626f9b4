// A telephone as small as a story needs it: registers, calls, answers, hangs up, over UDP with Digest (RFC 3261, RFC 7616).
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const md5 = (text) => createHash("md5").update(text).digest("hex");
const header = (message, name) => new RegExp(`^${name}:\\s*(.*)$`, "im").exec(message)?.[1].trim();
const every = (message, name) => [...message.matchAll(new RegExp(`^${name}:.*$`, "gim"))].map(([line]) => line);

export async function openPhone({ port, user, domain, password }) {
  const socket = createSocket("udp4");
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const here = `127.0.0.1:${socket.address().port}`;
  const waiting = [];
  let answers = true;
  const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n`;
  const send = (text, body = "") => socket.send(`${text}Content-Length: ${body.length}\r\n\r\n${body}`, port, "127.0.0.1");
  const reply = (request, status, { tag, body = "" } = {}) => {
    const to = `To: ${header(request, "To")}${tag && !/;tag=/.test(header(request, "To")) ? `;tag=${tag}` : ""}`;
    send([`SIP/2.0 ${status}`, ...every(request, "Via"), ...every(request, "Record-Route"), `From: ${header(request, "From")}`, to, `Call-ID: ${header(request, "Call-ID")}`, `CSeq: ${header(request, "CSeq")}`, `Contact: <sip:${user}@${here}>`, ...(body ? ["Content-Type: application/sdp"] : []), ""].join("\r\n"), body);
  };
  socket.on("message", (octets) => {
    const message = String(octets);
    if (message.startsWith("SIP/2.0")) { for (const listener of [...waiting]) listener(message); return; }
    const [method] = message.split(" ");
    if (method === "INVITE") { reply(message, "180 Ringing", { tag: "callee" }); if (answers) setTimeout(() => reply(message, "200 OK", { tag: "callee", body: sdp }), 200); }
    else if (method === "CANCEL") reply(message, "200 OK");
    else if (method !== "ACK") reply(message, "200 OK", { tag: "callee" });
  });
  const final = (cseq) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => { waiting.splice(waiting.indexOf(listen), 1); reject(new Error(`no answer to ${cseq}`)); }, 8000);
    const listen = (message) => {
      if (header(message, "CSeq") !== cseq || /^SIP\/2\.0 1/.test(message)) return;
      clearTimeout(timer);
      waiting.splice(waiting.indexOf(listen), 1);
      resolve(message);
    };
    waiting.push(listen);
  });
  /** Sends a request, with credentials when they are asked for. */
  const ask = async (method, uri, { to = uri, callId, from, sequence, route = [], body = "", more = [] }) => {
    let credentials = [];
    for (let cseq = sequence; ; cseq += 1) {
      const answered = final(`${cseq} ${method}`);
      const branch = `z9hG4bK${randomBytes(6).toString("hex")}`;
      send([`${method} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${here};rport;branch=${branch}`, "Max-Forwards: 70", ...route, `From: ${from}`, `To: <${to}>`.replace(/^To: <(.*>.*)>$/, "To: $1"), `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`, `Contact: <sip:${user}@${here}>`, "User-Agent: story-phone", ...credentials, ...more, ...(body ? ["Content-Type: application/sdp"] : []), ""].join("\r\n"), body);
      const answer = await answered;
      const challenge = every(answer, "(?:WWW|Proxy)-Authenticate").find((line) => /MD5/i.test(line) && !/SHA/i.test(line));
      if (method === "INVITE") send([`ACK ${/^SIP\/2\.0 2/.test(answer) ? target(answer) : uri} SIP/2.0`, `Via: SIP/2.0/UDP ${here};rport;branch=${/^SIP\/2\.0 2/.test(answer) ? `${branch}a` : branch}`, "Max-Forwards: 70", ...(/^SIP\/2\.0 2/.test(answer) ? routes(answer) : route), `From: ${from}`, `To: ${header(answer, "To")}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ACK`, ""].join("\r\n"));
      if (!/^SIP\/2\.0 40[17]/.test(answer) || credentials.length > 0 || !challenge) return { answer, cseq };
      const field = (name) => new RegExp(`${name}="?([^",]*)"?`).exec(challenge)?.[1] ?? "";
      const [realm, nonce, nc, cnonce] = [field("realm"), field("nonce"), "00000001", randomBytes(8).toString("hex")];
      const response = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}:${nc}:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
      const opaque = field("opaque");
      credentials = [`${/^Proxy/i.test(challenge) ? "Proxy-Authorization" : "Authorization"}: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=MD5, qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}"${opaque ? `, opaque="${opaque}"` : ""}`];
    }
  };
  const target = (answer) => /<([^>]*)>/.exec(header(answer, "Contact"))?.[1] ?? "";
  const routes = (answer) => every(answer, "Record-Route").map((line) => line.replace(/^Record-Route/i, "Route")).reverse();
  const own = `<sip:${user}@${domain}>`;
  return {
    async register() {
      const { answer } = await ask("REGISTER", `sip:${domain}`, { to: `sip:${user}@${domain}`, callId: randomBytes(6).toString("hex"), from: `${own};tag=reg`, sequence: 1, more: ["Expires: 300"] });
      if (!/^SIP\/2\.0 200/.test(answer)) throw new Error(answer.split("\r\n")[0]);
    },
    /** Lets calls ring without an answer. */
    ignore() { answers = false; },
    async call(number) {
      const callId = randomBytes(6).toString("hex");
      const uri = `sip:${number}`;
      const { answer, cseq } = await ask("INVITE", uri, { callId, from: `${own};tag=call`, sequence: 1, body: sdp });
      if (!/^SIP\/2\.0 200/.test(answer)) throw new Error(answer.split("\r\n")[0]);
      return async () => { await ask("BYE", target(answer), { to: header(answer, "To"), callId, from: `${own};tag=call`, sequence: cseq + 1, route: routes(answer) }); };
    },
    close: () => socket.close(),
  };
}
