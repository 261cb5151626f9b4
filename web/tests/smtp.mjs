// The few words of SMTP that a story needs to send a mail.
import { createConnection } from "node:net";

export function send(port, from, to, text) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    const words = ["EHLO story.example", `MAIL FROM:<${from}>`, ...to.map((one) => `RCPT TO:<${one}>`), "DATA", `${text.replaceAll("\n", "\r\n")}\r\n.`, "QUIT"];
    let heard = "";
    socket.on("error", reject);
    socket.on("data", (octets) => {
      heard += octets;
      const last = heard.trimEnd().split("\r\n").at(-1) ?? "";
      if (!heard.endsWith("\r\n") || /^\d{3}-/.test(last)) return;
      if (/^[45]/.test(last)) { socket.destroy(); reject(new Error(last)); return; }
      heard = "";
      const word = words.shift();
      if (word === undefined) { socket.end(); resolve(undefined); } else socket.write(`${word}\r\n`);
    });
  });
}
