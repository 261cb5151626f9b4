#!/usr/bin/env node
// Writes src/api/generated from openapi/postamt.json: the types of everything, and for each operation its method and path.
// `--check` compares instead, so that a client that lags behind the API fails the tests.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const api = JSON.parse(readFileSync(join(web, "../openapi/postamt.json"), "utf8"));
const head = "// Made by `npm run generate` from openapi/postamt.json; never edited.\n";

const named = (ref) => ref.split("/").at(-1);

/** A JSON schema as a TypeScript type. */
function type(schema, indent = "") {
  if (schema === undefined || schema === true) return "unknown";
  if (schema.$ref) return named(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return [...new Set(variants.map((variant) => type(variant, indent)))].join(" | ");
  if (schema.allOf) return schema.allOf.map((part) => type(part, indent)).join(" & ");
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one }, indent)).join(" | ");
  switch (schema.type) {
    case "string": return "string";
    case "integer": case "number": return "number";
    case "boolean": return "boolean";
    case "null": return "null";
    case "array": return `Array<${type(schema.items, indent)}>`;
    case "object": return object(schema, indent);
    default: return "unknown";
  }
}

function object(schema, indent) {
  const inner = `${indent}  `;
  if (!schema.properties) {
    const of = schema.additionalProperties;
    return `Record<string, ${of && of !== true ? type(of, indent) : "unknown"}>`;
  }
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const about = field.description ? `${inner}/** ${field.description.replaceAll("*/", "* /").replaceAll("\n", " ")} */\n` : "";
    return `${about}${inner}${JSON.stringify(name)}${required.has(name) ? "" : "?"}: ${type(field, inner)};`;
  });
  return fields.length === 0 ? "Record<string, never>" : `{\n${fields.join("\n")}\n${indent}}`;
}

const used = new Set();
/** Follows references, so that only what some operation speaks of is written. */
function use(node) {
  if (node === null || typeof node !== "object") return;
  if (typeof node.$ref === "string" && !used.has(named(node.$ref))) {
    used.add(named(node.$ref));
    use(api.components.schemas[named(node.$ref)]);
  }
  Object.values(node).forEach(use);
}

const inputs = [];
const results = [];
const table = [];
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const id = operation.operationId;
    const fields = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
    const json = operation.requestBody?.content?.["application/json"]?.schema;
    const parts = [];
    if (fields.length > 0) {
      const properties = Object.fromEntries(fields.map(({ name, schema, description }) => [name, { description, ...schema }]));
      parts.push(object({ properties, required: fields.filter((field) => field.required).map((field) => field.name) }, "  "));
    }
    if (json) { use(json); parts.push(type(json)); }
    use(fields.map((field) => field.schema));
    inputs.push(`  ${id}: ${parts.join(" & ") || "Record<string, never>"};`);
    const [, good] = Object.entries(operation.responses).find(([status]) => status.startsWith("2")) ?? [];
    const result = good?.content?.["application/json"]?.schema;
    if (result) use(result);
    results.push(`  ${id}: ${result ? type(result) : "void"};`);
    const query = fields.filter((field) => field.in === "query").map((field) => field.name);
    table.push(`  ${id}: ["${method.toUpperCase()}", "${path}", "${operation.tags[0]}"${query.length > 0 && method !== "get" && method !== "delete" ? ", true" : ""}],`);
  }
}
use({ $ref: "#/components/schemas/Event" });
use({ $ref: "#/components/schemas/Problem" });

const types = [...used].sort().map((name) => {
  const schema = api.components.schemas[name];
  const about = schema.description ? `/** ${schema.description.replaceAll("*/", "* /").replaceAll("\n", " ")} */\n` : "";
  return `${about}export type ${name} = ${type(schema)};`;
});
const files = {
  "types.ts": `${head}${types.join("\n")}\n\n/** What each operation takes: path, query and body together. */\nexport interface Inputs {\n${inputs.join("\n")}\n}\n\n/** What each operation gives. */\nexport interface Results {\n${results.join("\n")}\n}\n`,
  "operations.ts": `${head}/** Method, path, tag, and whether the body goes as it is while all fields stand in the query. */\nexport const operations = {\n${table.join("\n")}\n} as const satisfies Record<string, readonly [string, string, string, true?]>;\n`,
};

const folder = join(web, "src/api/generated");
mkdirSync(folder, { recursive: true });
const checking = process.argv.includes("--check");
let stale = false;
for (const [name, text] of Object.entries(files)) {
  const path = join(folder, name);
  if (!checking) { writeFileSync(path, text); continue; }
  let committed = "";
  try { committed = readFileSync(path, "utf8"); } catch { /* absent is stale */ }
  if (committed !== text) { stale = true; console.error(`web/src/api/generated/${name}: error: not what openapi/postamt.json says; npm run generate`); }
}
process.exit(stale ? 1 : 0);
