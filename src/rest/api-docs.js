// Draws the API reference from the OpenAPI document and lets one call each operation.
"use strict";
let token = "";
const make = (tag, text, children = []) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};

const resolve = (api, schema) => (schema && schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema) ?? {};

// An example with every field that must be there.
const example = (api, schema, depth = 0) => {
  const whole = resolve(api, schema);
  if (depth > 4) return null;
  if (whole.enum) return whole.enum[0];
  if (whole.properties) {
    const required = whole.required ?? [];
    return Object.fromEntries(required.map((name) => [name, example(api, whole.properties[name], depth + 1)]));
  }
  const type = Array.isArray(whole.type) ? whole.type[0] : whole.type;
  return { string: "", integer: 0, boolean: false, array: [] }[type] ?? {};
};

const call = async (method, path, body) => {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/v1${path}`, { method, headers, body });
  const text = await answer.text();
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON: shown as it is */ }
  return { status: answer.status, text: shown, etag: answer.headers.get("etag") };
};

const draw = (api, method, path, operation) => {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
  const inputs = parameters.map((parameter) => {
    const input = make("input");
    input.placeholder = parameter.schema?.description ?? "";
    return { parameter, input, label: make("label", `${parameter.name}${parameter.required ? " *" : ""}`, [input]) };
  });
  const schema = operation.requestBody?.content["application/json"].schema;
  const area = schema ? make("textarea") : null;
  if (area) { area.rows = 8; area.value = JSON.stringify(example(api, schema), null, 2); }
  const result = make("pre");
  const button = make("button", "Call");
  button.addEventListener("click", async () => {
    let target = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(parameter.name, input.value);
    }
    const answer = await call(method.toUpperCase(), query.size ? `${target}?${query}` : target, area?.value);
    result.textContent = `${answer.status}${answer.etag ? `   ETag: ${answer.etag}` : ""}\n${answer.text}`;
  });
  const fields = schema ? Object.entries(resolve(api, schema).properties ?? {}) : [];
  const list = make("ul", "", fields.map(([name, field]) => make("li", `${name}: ${resolve(api, field).description ?? field.description ?? ""}`)));
  const details = make("details", "", [
    make("summary", "", [make("code", `${method.toUpperCase()} ${path}`), ` ${operation.summary} `, make("small", operation.operationId)]),
    ...inputs.map(({ label }) => label), ...(area ? [area, list] : []), button, result,
  ]);
  details.id = operation.operationId;
  details.open = location.hash.slice(1) === operation.operationId;
  details.dataset.words = `${path} ${operation.operationId} ${operation.summary}`.toLowerCase();
  return details;
};

const start = async () => {
  const api = await (await fetch("/api/v1/openapi.json")).json();
  const all = Object.entries(api.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => draw(api, method, path, operation)));
  document.getElementById("operations").append(...all);
  // A link may name an operation.
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
  document.getElementById("find").addEventListener("input", (event) => {
    for (const one of all) one.hidden = !one.dataset.words.includes(event.target.value.toLowerCase());
  });
};

document.getElementById("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const answer = await call("POST", "/auth/login", JSON.stringify(Object.fromEntries(form)));
  token = answer.status === 200 ? JSON.parse(answer.text).access_token : "";
  document.getElementById("who").textContent = token ? "signed in for ten minutes" : JSON.parse(answer.text).detail;
});
start();
