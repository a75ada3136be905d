/** Bundles the page. `npm run build` writes it to `dist/page`, where the server finds it once published. */
import { defineConfig } from "vite";

export default defineConfig({
  root: new URL("src/ui", import.meta.url).pathname,
  base: "./",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: new URL("dist/page", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2024",
    modulePreload: false,
    // Nothing is inlined: the page's policy allows files only.
    assetsInlineLimit: 0,
  },
});
