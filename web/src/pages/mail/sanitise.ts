// HTML of strangers, made harmless. Three walls stand one behind another: what is let through here is a short list; the frame it is put
// into runs no scripts; and its policy fetches nothing (until the reader wants the pictures, and then pictures only).
import createPurifier, { type Config, type DOMPurify, type WindowLike } from "dompurify";

/** What was let through. */
export interface Clean {
  content: DocumentFragment;
  /** Things on other servers that are left out. */
  remote: number;
  /** Pictures that came along, by Content-ID. */
  pictures: { image: HTMLImageElement; cid: string }[];
  /** Pictures of other servers, to be fetched when they are wanted. */
  fetch: { image: HTMLImageElement; from: string }[];
}

const TAGS = "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong style sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr".split(" ");
const ATTRIBUTES = "abbr align alt background bgcolor border cellpadding cellspacing class clear color colspan compact datetime dir face height href hspace id lang noshade nowrap open rowspan rules scope size span src start style summary title type valign value vspace width".split(" ");
const CONFIG: Config & { RETURN_DOM_FRAGMENT: true } = {
  ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, FORCE_BODY: true, RETURN_DOM_FRAGMENT: true, SANITIZE_NAMED_PROPS: false,
  // Asked of every attribute: one without a scheme passes here, and as an address it is taken away below.
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|data:image\/(?:png|jpe?g|gif|webp|bmp|svg\+xml)[;,]|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
};

/** Longer HTML is shown up to here at first, since it takes long to lay out: characters of text, tags, attributes of one tag, characters of one word, boxes in boxes. */
const MOST = { text: 150_000, tags: 4_000, attributes: 200, word: 2_000, depth: 100 };
const BOX = /<(\/?)(?:table|div|span|font|center|blockquote|section|ul|ol|b|i|em|strong|dl)\b/iy;
/** A tag counts up to here: pictures may stand in it. */
const TAG_COUNTS = 2_000;
const LONG_WORD = new RegExp(`[^\\s<>]{${MOST.word},}`);

/** The beginning of long HTML; null when it is not long. */
export function clip(html: string): string | null {
  let [tags, text, depth] = [0, 0, 0];
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<", at);
    const words = html.slice(at, open < 0 ? html.length : open);
    const long = words.length >= MOST.word ? LONG_WORD.exec(words) : null;
    if (long) return html.slice(0, at + long.index + MOST.word);
    text += words.length;
    if (text > MOST.text) return html.slice(0, at + words.length - (text - MOST.text));
    if (open < 0) return null;
    const close = html.indexOf(">", open);
    at = close < 0 ? html.length : close + 1;
    tags += 1;
    text += Math.min(at - open, TAG_COUNTS);
    const attributes = at - open < MOST.attributes * 2 ? 0 : html.slice(open, at).split("=").length;
    BOX.lastIndex = open;
    const box = BOX.exec(html);
    if (box) depth = Math.max(0, depth + (box[1] ? -1 : 1));
    if (depth > MOST.depth || tags > MOST.tags || attributes > MOST.attributes) return html.slice(0, open);
  }
  return null;
}

const PICTURED = /^(?:background(?:-image)?|list-style(?:-image)?|border-image(?:-source)?|content)$/i;

/** A style without anything that is fetched; `remote` lets pictures through. */
export function quietStyle(css: string, remote: boolean, found: () => void): string {
  // Escapes hide names; no mail needs them.
  if (css.includes("\\")) return "";
  return css.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, "")
    .replace(/@(?:import|charset|namespace)[^;]*(?:;|$)/gi, "")
    .replace(/@font-face\s*\{[^}]*\}?/gi, "")
    .replace(/(?:-webkit-)?image-set\(|cross-fade\(|\bsrc\(|\bimage\(|element\(|expression\(|-moz-binding|behavior\s*:/gi, "none;")
    .replace(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*?))\s*(?:\)|$)|url\(/gi, (_, double: string, single: string, bare: string, at: number, whole: string) => {
      const to = (double ?? single ?? bare ?? "").trim();
      if (/^data:image\//i.test(to)) return `url("${to.replaceAll('"', "")}")`;
      if (!/^https?:/i.test(to)) return "none";
      // Cursors, filters and masks fetch as well, and are no pictures anybody asked for.
      const [, property = ""] = /([\w-]+)\s*:[^;{}]*$/.exec(whole.slice(Math.max(0, at - 300), at)) ?? [];
      if (!PICTURED.test(property)) return "none";
      if (!remote) { found(); return "none"; }
      return `url("${to.replaceAll(/["\s]/g, "")}")`;
    });
}

/** Makes HTML harmless inside the frame it will stand in, so that no other page ever sees it. */
export function sanitise(frame: Window, html: string, remote: boolean): Clean {
  const purifier: DOMPurify = createPurifier(frame as unknown as WindowLike);
  const clean: Clean = { content: frame.document.createDocumentFragment(), remote: 0, pictures: [], fetch: [] };
  const found = () => { clean.remote += 1; };
  purifier.addHook("afterSanitizeElements", (node) => {
    if (node.nodeName === "STYLE") node.textContent = quietStyle(node.textContent ?? "", remote, found);
  });
  purifier.addHook("afterSanitizeAttributes", (node) => {
    const style = node.getAttribute("style");
    if (style !== null) node.setAttribute("style", quietStyle(style, remote, found));
    const background = node.getAttribute("background");
    if (background !== null) {
      node.removeAttribute("background");
      if (/^https?:/i.test(background)) {
        if (remote) (node as HTMLElement).style.backgroundImage = `url("${background.replaceAll(/["\\\s]/g, "")}")`; else found();
      }
    }
    if (node.nodeName === "IMG") picture(node as HTMLImageElement);
    else node.removeAttribute("src");
    if (node.nodeName === "A") {
      const to = node.getAttribute("href") ?? "";
      if (/^https?:/i.test(to)) { node.setAttribute("target", "_blank"); node.setAttribute("rel", "noopener noreferrer"); node.setAttribute("title", to); }
      else if (!/^(?:mailto|tel):|^#/i.test(to)) node.removeAttribute("href");
    } else node.removeAttribute("href");
  });
  const picture = (image: HTMLImageElement) => {
    const from = image.getAttribute("src") ?? "";
    if (/^data:/i.test(from)) return;
    image.removeAttribute("src");
    if (/^cid:/i.test(from)) clean.pictures.push({ image, cid: safely(from.slice(4)) });
    else if (/^https?:/i.test(from)) { if (remote) clean.fetch.push({ image, from }); else found(); }
  };
  clean.content = purifier.sanitize(html, CONFIG);
  return clean;
}

function safely(text: string): string {
  try { return decodeURIComponent(text); } catch { return text; }
}
