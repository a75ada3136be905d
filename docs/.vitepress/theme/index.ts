import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent, h } from "vue";
import HomeWheel from "./HomeWheel.vue";
import RunIt from "./RunIt.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "home-hero-image": () => h(HomeWheel) }),
  enhanceApp({ app }) {
    app.component("RunIt", RunIt);
    app.component(
      "Playground",
      defineAsyncComponent(() => import("./Playground.vue")),
    );
  },
} satisfies Theme;
