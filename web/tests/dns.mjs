// A name server of the stories' own, at a free port of loopback: it knows these texts and no other name.
import { createSocket } from "node:dgram";

const TXT = 16;

export async function startDns(texts) {
  const socket = createSocket("udp4");
  socket.on("message", (query, peer) => {
    const labels = [];
    let at = 12;
    while (query[at]) { labels.push(query.toString("latin1", at + 1, at + 1 + query[at])); at += 1 + query[at]; }
    const text = texts[labels.join(".").toLowerCase()];
    const kind = query.readUInt16BE(at + 1);
    const there = text !== undefined && kind === TXT;
    const head = Buffer.from([query[0], query[1], 0x84 | (query[2] & 1), text === undefined ? 3 : 0, 0, 1, 0, there ? 1 : 0, 0, 0, 0, 0]);
    const record = there ? Buffer.concat([Buffer.from([0xc0, 12, 0, TXT, 0, 1, 0, 0, 0, 0, 0, text.length + 1, text.length]), Buffer.from(text)]) : Buffer.alloc(0);
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), record]), peer.port, peer.address);
  });
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, stop: () => socket.close() };
}
