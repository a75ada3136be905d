import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { sidebar } from "./guide.ts";
import { writeLlmsTexts } from "./llms.ts";
import { figures, repositoryLinks } from "./markdown.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Programs run in browsers of the last few years; `using` is lowered. */
const TARGET = "es2022";

interface Entry {
  readonly text: string;
  readonly link: string;
}

const topics: Entry[] = [
  { text: "Cancellation", link: "/cancellation" },
  { text: "Testing", link: "/testing" },
  { text: "Diagnostics", link: "/diagnostics" },
  { text: "The command", link: "/command" },
  { text: "The console", link: "/console" },
  { text: "OpenTelemetry", link: "/opentelemetry" },
  { text: "HTTP", link: "/http" },
  { text: "Data", link: "/data" },
  { text: "Lint rules", link: "/lint/" },
  { text: "Errors", link: "/errors" },
  { text: "How it works inside", link: "/inside" },
];

const evidence: Entry[] = [
  { text: "Performance", link: "/performance" },
  { text: "Reliability", link: "/reliability" },
];

/** The pages under which an entry of the head of a page is marked. */
function matching(entries: readonly Entry[]): string {
  return `^(${entries.map(({ link }) => link).join("|")})`;
}

export default defineConfig({
  title: "millrace",
  description: "Tokio's concurrency model for TypeScript",
  lang: "en",
  // Parts that other pages include.
  srcExclude: ["README.md", "performance/*.md", "reliability/*.md"],
  cacheDir: ".vitepress/cache",
  head: [["link", { rel: "icon", href: "/logo.svg", type: "image/svg+xml" }]],
  lastUpdated: false,
  metaChunk: true,

  markdown: {
    theme: { light: "github-light", dark: "github-dark-dimmed" },
    config(md) {
      repositoryLinks(md);
      figures(md);
    },
  },

  themeConfig: {
    logo: "/logo.svg",
    outline: [2, 3],
    search: { provider: "local", options: { detailedView: true } },
    nav: [
      { text: "Guide", link: "/guide/01-entry-point", activeMatch: "^/guide/" },
      { text: "Playground", link: "/playground" },
      {
        text: "Topics",
        activeMatch: matching(topics),
        items: topics,
      },
      {
        text: "Evidence",
        activeMatch: matching(evidence),
        items: evidence,
      },
    ],
    sidebar: [
      ...sidebar(),
      {
        text: "Topics",
        items: topics,
      },
      {
        text: "Coming from",
        items: [
          { text: "Promises, p-limit, AbortController", link: "/coming-from/promises" },
          { text: "RxJS", link: "/coming-from/rxjs" },
          { text: "Effect", link: "/coming-from/effect" },
          { text: "Tokio", link: "/coming-from/tokio" },
          { text: "Go", link: "/coming-from/go" },
        ],
      },
      {
        text: "Evidence",
        items: evidence,
      },
      { text: "Playground", link: "/playground" },
    ],
    docFooter: { prev: "Before", next: "Next" },
    footer: { message: "MIT licence" },
  },

  async buildEnd({ outDir }) {
    await writeLlmsTexts(outDir);
  },

  vite: {
    resolve: { conditions: ["@millrace/source"] },
    server: { fs: { allow: [root] } },
    build: { target: TARGET, chunkSizeWarningLimit: 1500 },
    // The version that VitePress brings does not know the target of the repository's tsconfig.
    esbuild: {
      target: TARGET,
      keepNames: true, // the playground prints names of classes
      tsconfigRaw: { compilerOptions: { target: "es2022", verbatimModuleSyntax: true } },
    },
    worker: {
      format: "es",
      // Diagnostics tell the library from the program by the folder.
      rollupOptions: {
        output: {
          manualChunks: (id) => (id.includes("/packages/millrace/src/") ? "millrace" : undefined),
          chunkFileNames: ({ name }) => `assets/${name === "millrace" ? name : "programs"}/[name]-[hash].js`,
        },
      },
    },
  },
});
