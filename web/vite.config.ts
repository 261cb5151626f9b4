import { readdirSync, rmSync } from "node:fs";
import { defineConfig } from "vite";
import { complete } from "./scripts/languages.mjs";

// `npm run dev` shows sources beside a server that runs already: POSTAMT=http://localhost:8010.
const server = process.env.POSTAMT ?? "http://localhost:8010";

/** Empties the folder but for the file that marks it for the build of the server. */
const empty = {
  name: "empty",
  apply: "build" as const,
  buildStart() {
    for (const name of readdirSync("dist")) if (name !== ".keep") rmSync(`dist/${name}`, { recursive: true });
  },
};

export default defineConfig({
  define: { __LANGUAGES__: JSON.stringify(complete()) },
  plugins: [empty],
  build: {
    target: "es2022",
    emptyOutDir: false,
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ["admin.html", "user.html"],
      // Libraries mark what runs on clients only; here everything does.
      onwarn: (warning, warn) => { if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning); },
    },
  },
  server: { proxy: { "/api": server, "/graphql": server, "/health": server } },
});
