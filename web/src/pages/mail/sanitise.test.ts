import { describe, expect, it } from "vitest";
import { clip, quietStyle } from "./sanitise";

describe("long HTML", () => {
  it.each([
    ["<p>short</p>", false], [`<p>${"word ".repeat(20_000)}</p>`, false], [`<img src="data:image/png;base64,${"A".repeat(500_000)}">`, false],
    ["<p>x</p>".repeat(2_100), true], ["<div>".repeat(200), true], ["<div></div>".repeat(200), false], [`<p>${"word ".repeat(40_000)}</p>`, true], [`<p ${"a=1 ".repeat(300)}>x`, true], ["x".repeat(5_000), true], ["<", false], ["", false],
  ])("is cut at its beginning, %#", (html, cut) => {
    const beginning = clip(html as string);
    expect(beginning !== null).toBe(cut);
    if (beginning !== null) expect((html as string).startsWith(beginning) && beginning.length < (html as string).length).toBe(true);
  });
});

describe("a style", () => {
  const told = (css: string, remote: boolean) => { let n = 0; return [quietStyle(css, remote, () => { n += 1; }), n]; };
  it.each([
    ["color:red", "color:red", 0], ["background:url(http://x/a.png)", "background:none", 1], ["background:URL( 'https://x/a)b' )", "background:none", 1], ["background:url(//x/y)", "background:none", 0],
    ["@import url(http://x); p{color:red}", " p{color:red}", 0], ["@im/**/port 'http://x';a{}", "a{}", 0], ["p{background:u\\72l(http://x)}", "", 0], ["@font-face{src:url(http://x)}b{}", "b{}", 0],
    ["background:url(data:image/png;base64,AA==)", 'background:url("data:image/png;base64,AA==")', 0],
  ])("%s", (css, quiet, found) => expect(told(css, false)).toEqual([quiet, found]));
  it("shows the pictures one wants", () => expect(told("background:url(http://x/a.png);cursor:url(http://x/c)", true)).toEqual(['background:url("http://x/a.png");cursor:none', 0]));
});
