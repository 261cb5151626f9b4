// Mail as enemies write it. `never` makes an address that must not be fetched, `allowed` one that may be once the reader asks for pictures.
const NASTY = "top.__hostile=(top.__hostile||0)+1;parent.document.title='owned';alert(1)";

/** A message of HTML. */
const page = (html, head = "") => `Content-Type: text/html; charset=utf-8\n${head}\n${html}`;
const base64 = (text) => Buffer.from(text).toString("base64").replace(/(.{76})/g, "$1\n");

/** All of them, as `name: (never, allowed) => message without From, To and Subject`. */
export const corpus = {
  // Scripts.
  "script": (never) => page(`<p>x</p><script>${NASTY}</script><script src="${never()}"></script>`),
  "script in svg": (never) => page(`<svg onload="${NASTY}"><script>${NASTY}</script><image href="${never()}"/><use href="${never()}#x"/></svg>`),
  "script in mathml": () => page(`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${NASTY}&gt;">`),
  "script split by broken tags": () => page(`<scr<script>ipt>${NASTY}</scr</script>ipt><<script>${NASTY}//<</script>`),
  "script in a comment for old browsers": (never) => page(`<!--[if gte IE 4]><script>${NASTY}</script><img src="${never()}"><![endif]-->x`),
  "script in upper case and with a slash": () => page(`<SCRIPT/x>${NASTY}</SCRIPT/x><sCrIpT\n>${NASTY}</sCrIpT\n>`),
  "script of type module": (never) => page(`<script type="module">import "${never()}";${NASTY}</script>`),
  "script in noscript": () => page(`<noscript><p title="</noscript><img src=x onerror='${NASTY}'>"></noscript>`),
  "script in a template": () => page(`<template><script>${NASTY}</script></template><div><template shadowrootmode="open"><script>${NASTY}</script><img src=x onerror="${NASTY}"></template></div>`),
  "script in a textarea and a title": () => page(`<textarea></textarea><script>${NASTY}</script></textarea><title></title><script>${NASTY}</script></title><xmp></xmp><img src=x onerror="${NASTY}">`),
  "script by mutation": () => page(`<form><math><mtext></form><form><mglyph><style></math><img src onerror="${NASTY}">`),
  "script by nested forms": () => page(`<svg></p><style><a id="</style><img src=1 onerror=${NASTY}>">`),
  // Handlers.
  "handlers on pictures": () => page(`<img src=x onerror="${NASTY}"><img src="data:image/png;base64,AAAA" onerror="${NASTY}" onload="${NASTY}"><image src=x onerror="${NASTY}">`),
  "handlers on the body": () => page(`<body onload="${NASTY}" onpageshow="${NASTY}" onresize="${NASTY}"><p>x</p></body>`),
  "handlers that fire by themselves": () => page(`<details open ontoggle="${NASTY}">x</details><marquee onstart="${NASTY}">x</marquee><input autofocus onfocus="${NASTY}"><div style="animation:a 1s" onanimationstart="${NASTY}">x</div><style>@keyframes a{from{color:red}}</style>`),
  "handlers on media": (never) => page(`<video src="${never()}" poster="${never()}" onerror="${NASTY}" autoplay></video><audio src="${never()}" autoplay onerror="${NASTY}"></audio><video><source src="${never()}" onerror="${NASTY}"><track src="${never()}" default></video>`),
  "handlers without blanks": () => page(`<img/src=x/onerror=${NASTY}><a/onclick=${NASTY}>x</a><p/onmouseover='${NASTY}'>x`),
  "handlers with odd names": () => page(`<div onpointerrawupdate="${NASTY}" onbeforetoggle="${NASTY}" oncontentvisibilityautostatechange="${NASTY}" style="content-visibility:auto" popover>x</div>`),
  // Addresses.
  "javascript links": () => page(`<a href="javascript:${NASTY}">a</a><a href=" java\nscript:${NASTY}">b</a><a href="&#106;avascript:${NASTY}">c</a><a href="vbscript:x">d</a><area href="javascript:${NASTY}">`),
  "data links": () => page(`<a href="data:text/html,<script>${NASTY}</script>">a</a><img src="data:text/html,<script>${NASTY}</script>"><img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='${NASTY}'/>">`),
  "a base address": (never) => page(`<base href="${never()}/"><img src="x.png"><a href="y">y</a>`),
  "addresses without a scheme": (never) => page(`<img src="${never().replace("http:", "")}"><img src="\\\\${never().replace("http://", "")}"><a href="${never().replace("http:", "")}" ping="${never()}">x</a>`),
  "odd schemes": () => page(`<img src="ftp://127.0.0.1:1/x"><img src="file:///etc/passwd"><a href="file:///etc/passwd">x</a><img src="blob:http://x/y"><img src="filesystem:x"><a href="ms-msdt:x">x</a>`),
  // Frames and embedded things.
  "frames": (never) => page(`<iframe src="${never()}"></iframe><iframe srcdoc="<script>${NASTY}</script><img src='${never()}'>"></iframe><frameset><frame src="${never()}"></frameset>`),
  "objects": (never) => page(`<object data="${never()}"><param name="movie" value="${never()}"></object><embed src="${never()}"><applet archive="${never()}" code="x"></applet>`),
  "portals and fenced frames": (never) => page(`<portal src="${never()}"></portal><fencedframe src="${never()}"></fencedframe><webview src="${never()}"></webview>`),
  // Going elsewhere.
  "meta refresh": (never) => page(`<meta http-equiv="refresh" content="0;url=${never()}"><p>x</p>`),
  "meta refresh to a script": () => page(`<meta http-equiv="refresh" content="0;url=javascript:${NASTY}"><meta http-equiv="Set-Cookie" content="x=y">`),
  "meta policies": (never) => page(`<meta http-equiv="Content-Security-Policy" content="img-src ${never()}; report-uri ${never()}"><meta name="referrer" content="unsafe-url">x`),
  "links that load": (never) => page(`<link rel="stylesheet" href="${never()}"><link rel="prefetch" href="${never()}"><link rel="preload" as="image" href="${never()}"><link rel="dns-prefetch" href="${never()}"><link rel="preconnect" href="${never()}"><link rel="icon" href="${never()}"><link rel="modulepreload" href="${never()}">`),
  "speculation rules": (never) => page(`<script type="speculationrules">{"prefetch":[{"source":"list","urls":["${never()}"]}]}</script>x`),
  "manifest and import map": (never) => page(`<link rel="manifest" href="${never()}"><script type="importmap">{"imports":{"x":"${never()}"}}</script>x`),
  // Forms.
  "a form that sends itself": (never) => page(`<form action="${never()}" method="post" id="f"><input name="q" value="1"><button>Go</button></form><script>f.submit()</script>`),
  "a form for a password": (never) => page(`<form action="${never()}"><input type="password" name="p"><input type="image" src="${never()}"><button formaction="${never()}">Sign in again</button></form>`),
  "an isindex and a keygen": (never) => page(`<isindex action="${never()}" type="image" src="${never()}"><keygen>`),
  "fields that shadow the page": () => page(`<form id="attributes"><input name="childNodes"><input name="nodeName"><img name="body" id="body"><input name="removeChild"></form><a id="contentWindow"></a><img src=x onerror="${NASTY}">`),
  // Pictures that tell on the reader.
  "a tracking pixel": (never, allowed) => page(`<p>Hello</p><img src="${allowed()}" width="1" height="1" alt="">`),
  "pictures": (never, allowed) => page(`<img src="${allowed()}"><IMG SRC='${allowed()}'><img src=${allowed()}><p background="${allowed()}">x</p>`),
  "pictures in tables": (never, allowed) => page(`<table background="${allowed()}"><tr><td background="${allowed()}">x</td></tr></table>`),
  "pictures in styles": (never, allowed) => page(`<div style="background:url(${allowed()})">a</div><div style="background-image:url('${allowed()}')">b</div><ul style="list-style:url(&quot;${allowed()}&quot;)"><li>c</ul>`),
  "pictures in a style sheet": (never, allowed) => page(`<style>.t{background:url(${allowed()})} .u::before{content:url("${allowed()}")}</style><p class=t>a</p><p class=u>b</p>`),
  "pictures of several sizes": (never) => page(`<img srcset="${never()} 1x, ${never()} 2x"><picture><source srcset="${never()}"><img></picture><img imagesrcset="${never()}">`),
  "pictures that are lazy": (never, allowed) => page(`<img loading="lazy" src="${allowed()}"><img data-src="${never()}" lowsrc="${never()}" dynsrc="${never()}" longdesc="${never()}">`),
  "pictures in svg": (never) => page(`<svg><image xlink:href="${never()}"/><filter id=f><feImage href="${never()}"/></filter><style>*{background:url(${never()})}</style></svg><img src="data:image/svg+xml;base64,${Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><image href="${never()}"/></svg>`).toString("base64")}">`),
  // Styles that fetch or mislead.
  "style imports": (never) => page(`<style>@import "${never()}";@import url(${never()});</style><style>@import\n'${never()}' screen;</style>x`),
  "style fonts": (never) => page(`<style>@font-face{font-family:x;src:url(${never()})} p{font-family:x}</style><p>x</p><p style="font-family:'x'">y</p>`),
  "style escapes": (never) => page(`<style>p{background:u\\72l(${never()})} @\\69mport "${never()}";</style><p style="background:\\75 rl(${never()})">x</p>`),
  "style comments": (never) => page(`<style>@im/**/port "${never()}"; p{background:ur/**/l(${never()});}</style><p style="background:u/**/rl(${never()})">x</p>`),
  "style image sets": (never) => page(`<style>p{background:image-set("${never()}" 1x);background:-webkit-image-set(url(${never()}) 1x);mask:image("${never()}");}</style><p>x</p>`),
  "style cursors and filters": (never, allowed) => page(`<style>p{cursor:url(${never()}),auto}</style><p style="filter:url(${never()}#f);clip-path:url(${never()}#c);border-image:url(${allowed()}) 1;border-style:solid">x</p>`),
  "style expressions": () => page(`<p style="width:expression(${NASTY});behavior:url(x.htc);-moz-binding:url(x.xml#y)">x</p>`),
  "style that reads attributes": (never) => page(`<style>a[href^="h"]{background:var(--x)} :root{--x:url(${never()})} a[href*="t"]::after{content:attr(href);cursor:url(${never()}),auto}</style><a href="https://x.example">x</a>`.replaceAll("--x:url", "--x: u/**/rl")),
  "style that covers everything": () => page(`<div style="position:fixed;inset:0;z-index:2147483647;background:#fff">Your session has ended. Sign in <a href="https://evil.example">here</a>.</div><style>html,body{height:100vh;width:300vw}</style>`),
  "style never closed": (never) => page(`<style>p{background:url(${never()}`),
  "a style sheet as a file": (never) => `Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<link rel=stylesheet href="cid:c"><p class=x>x</p>\n--b\nContent-Type: text/css\nContent-ID: <c>\n\n.x{background:url(${never()})}\n--b--\n`,
  // Structure and size.
  "tables in tables, 5 MB of them": () => page(`${"<table><tr><td>".repeat(340_000)}deep`),
  "a hundred thousand elements": () => page("<b>x</b> ".repeat(100_000)),
  "attributes without end": () => page(`<p ${Array.from({ length: 20_000 }, (_, n) => `a${n}="${n}"`).join(" ")}>x</p>`),
  "one line of a megabyte": () => page(`<p>${"x".repeat(1_000_000)}</p>`),
  "a megabyte of plain text": () => `Content-Type: text/plain\n\n${"> https://x.example/ and more\nplain line (((\n".repeat(25_000)}`,
  "plain text with scripts": (never) => `Content-Type: text/plain\n\n<script>${NASTY}</script><img src="${never()}"> javascript:${NASTY} ${never()}\n`,
  "bidirectional overrides": () => page("<p>\u202Egnp.exe\u202C \u2067rtl\u2069 \u0000null</p>"),
  // MIME.
  "a charset that is none": () => `Content-Type: text/html; charset=x-nonsense\n\n<p>x</p><img src=x onerror="${NASTY}">`,
  "UTF-7": () => `Content-Type: text/html; charset=utf-7\n\n+ADw-script+AD4-${NASTY}+ADw-/script+AD4-`,
  "UTF-16 that is none": () => `Content-Type: text/html; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n${base64(`<script>${NASTY}</script>`)}`,
  "broken quoted-printable and base64": () => `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>=ZZ=3\n=3Cscript=3E${NASTY}=3C/script=3E\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n****PHNjcmlwdD4=\n`,
  "HTML named as a picture": () => `Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src="cid:p@x"><a href="cid:p@x">open</a>\n--b\nContent-Type: image/svg+xml\nContent-ID: <p@x>\nContent-Disposition: inline; filename="p.svg"\n\n<svg xmlns="http://www.w3.org/2000/svg" onload="${NASTY}"><script>${NASTY}</script></svg>\n--b--\n`,
  "file names that climb and lie": () => `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: text/html; name="../../etc/passwd"\nContent-Disposition: attachment; filename="<img src=x onerror=${NASTY}>.html"\n\n<script>${NASTY}</script>\n--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="invoice\u202Efdp.exe"\n\nx\n--b--\n`,
  "parts in parts, a hundred deep": () => `${Array.from({ length: 100 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`).join("")}Content-Type: text/html\n\n<script>${NASTY}</script>deep\n`,
  "a boundary never found": (never) => `Content-Type: multipart/alternative; boundary="none"\n\n<img src="${never()}"><script>${NASTY}</script>`,
  "both forms at odds": (never, allowed) => `Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n${never()}\n--b\nContent-Type: text/html\n\n<img src="${allowed()}"><script>${NASTY}</script>\n--b--\n`,
  "a message in a message": (never) => `Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: text/html\n\n<img src="${never()}"><script>${NASTY}</script>`,
  "a calendar with a script": (never) => `Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nDESCRIPTION:<script>${NASTY}</script>\nATTACH:${never()}\nEND:VCALENDAR\n`,
};

/** Header fields as enemies write them; the rest of the message is harmless. */
export const heads = {
  "ten thousand recipients": `From: many@evil.example\nTo: ${Array.from({ length: 10_000 }, (_, n) => `r${n}@x.example`).join(",\n ")}\nSubject: ten thousand recipients`,
  "names with markup": `From: "<img src=x onerror=${NASTY}>" <x@evil.example>\nTo: "</script><script>${NASTY}</script>" <y@evil.example>\nSubject: <svg onload=${NASTY}> names with markup`,
  "encoded words that lie": "From: =?utf-8?B?PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==?= <x@evil.example>\nSubject: =?utf-8?Q?=3Cscript=3Ealert(1)=3C/script=3E_=00_encoded?= =?x-none?Q?words?= =?utf-8?B?that lie",
  "no header at all": "X: y",
  "a subject without end": `From: x@evil.example\nSubject: ${"very ".repeat(20_000)}long`,
};

/** The messages, each with its name and what may be fetched once its pictures are wanted. */
export function messages(canary, to) {
  const made = [];
  for (const [name, write] of Object.entries(corpus)) {
    let n = 0;
    const key = name.replace(/\W+/g, "-");
    const allowed = [];
    const raw = write(() => `${canary}/never/${key}-${n += 1}`, () => { n += 1; allowed.push(`/allowed/${key}-${n}`); return `${canary}/allowed/${key}-${n}`; });
    made.push({ name, allowed, raw: `From: Enemy <enemy@evil.example>\nTo: ${to}\nSubject: ${name}\nMIME-Version: 1.0\n${raw}` });
  }
  for (const [name, head] of Object.entries(heads)) made.push({ name, allowed: [], raw: `${head}\nContent-Type: text/plain\n\nHarmless.\n` });
  return made;
}
