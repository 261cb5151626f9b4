import source from "../../../src/service/meta.rs?raw";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { problems } from "./de/problems";
import { fault, said } from "./faults";
import { setLanguage, speak } from "./index";

describe("problems", () => {
  beforeAll(async () => {
    vi.stubGlobal("localStorage", { getItem: () => "de", setItem: () => undefined });
    vi.stubGlobal("navigator", { languages: ["de"] });
    vi.stubGlobal("document", { documentElement: {} });
    await speak(async () => problems);
  });
  afterAll(() => vi.unstubAllGlobals());

  it("have German words for every code of the API", () => {
    const list = /const CODES[^[]*\[[^[]*\[([\s\S]*?)\n\];/.exec(source)?.[1] ?? "";
    const codes = [...list.matchAll(/\("(\w+)", \d+\)/g)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(50);
    const own = Object.keys(problems).filter((key) => key.startsWith("problem.")).map((key) => key.slice("problem.".length));
    expect(codes.filter((code) => !own.includes(code ?? ""))).toEqual([]);
    expect(own.filter((code) => !codes.includes(code))).toEqual([]);
  });

  it("keep the values of a sentence, and as many places for them", () => {
    expect(fault("must be at most 4096")).toBe("darf höchstens 4096 sein");
    expect(fault("must be at most 4096 octets without control characters")).toBe("darf höchstens 4096 Bytes lang sein, ohne Steuerzeichen");
    expect(fault("x@y.example is no address of this account")).toBe("x@y.example ist keine Adresse dieses Kontos");
    expect(fault("anna is already a name of kind account in this domain.")).toBe("anna ist in dieser Domäne schon vergeben.");
    expect(fault("something new")).toBe("something new");
    for (const [key, text] of Object.entries(problems)) if (key.startsWith("fault.")) expect(text.split("{}").length, key).toBeLessThanOrEqual(key.split("{}").length);
  });

  it("are told by their code, with the server's words beneath when those hold values", async () => {
    expect(said("There is no such account.", "not_found")).toEqual({ text: "Das gibt es nicht (mehr)." });
    expect(said("colour is no filter of this.collection.", "filter_not_supported")).toEqual({ text: "Danach lässt sich diese Liste nicht filtern.", raw: "colour is no filter of this.collection." });
    expect(said("Unheard of.", "unheard_of")).toEqual({ text: "Unheard of." });
    await setLanguage("en");
    expect(said("There is no such account.", "not_found")).toEqual({ text: "There is no such account." });
    await setLanguage("de");
  });
});
