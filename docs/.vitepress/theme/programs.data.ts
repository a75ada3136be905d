/** The programs that the playground offers, with their code highlighted when the site is built. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createMarkdownRenderer, type SiteConfig } from "vitepress";
import { pages } from "../guide.ts";

export interface Listed {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly html: string;
}
export declare const data: readonly Listed[];

const folder = fileURLToPath(new URL("../../programs/", import.meta.url));
/** As in the worker. */
const LEFT_OUT = /^(03|08|09|14|20|26)-/;

export default {
  watch: ["../../programs/*.yield.ts"],
  async load(): Promise<Listed[]> {
    const { srcDir, markdown, site } = (globalThis as unknown as { VITEPRESS_CONFIG: SiteConfig })
      .VITEPRESS_CONFIG;
    const md = await createMarkdownRenderer(srcDir, markdown, site.base);
    return readdirSync(folder)
      .filter((file) => file.endsWith(".yield.ts") && !LEFT_OUT.test(file))
      .map((file) => {
        const name = file.slice(0, -".yield.ts".length);
        const page = pages.find(({ number }) => number === Number(name.slice(0, 2)))!;
        const isMain = page.path.endsWith(name);
        return {
          name,
          title: `${page.number}. ${isMain ? page.title : `${page.title} (${name.slice(3).replaceAll("-", " ")})`}`,
          path: page.path,
          html: md.render(`\`\`\`ts\n${readFileSync(folder + file, "utf8")}\`\`\``),
        };
      });
  },
};
