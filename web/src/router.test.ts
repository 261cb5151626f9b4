import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("addEventListener", () => undefined);
const { match, route } = await import("./router");

const page = () => Promise.resolve({ default: () => null });
const routes = [route("/", page), route("/users/domains", page), route("/users/domains/:domain", page)];

describe("match", () => {
  it.each([
    ["/", "/", {}],
    ["/users/domains/", "/users/domains", {}],
    ["/users/domains/a%40b.example", "/users/domains/:domain", { domain: "a@b.example" }],
  ])("%s leads to %s", (path, expected, params) => {
    const found = match(routes, path);
    expect(found?.route.path).toBe(expected);
    expect(found?.params).toEqual(params);
  });
  it("knows what is not there", () => expect(match(routes, "/users")).toBeNull());
});
