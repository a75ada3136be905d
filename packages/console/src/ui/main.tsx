/** The page begins here. */
import { render } from "preact";
import { App } from "./app.tsx";
import { followScheme } from "./colours.ts";
import { listenToKeys } from "./keys.tsx";
import { connect, used } from "./program.ts";
import { followTheme } from "./view.ts";
import "./style/colours.css";
import "./style/base.css";
import "./style/head.css";
import "./style/table.css";
import "./style/parts.css";
import "./style/panel.css";
import "./style/warnings.css";
import "./style/graph.css";
import "./style/timeline.css";
import "./style/keys.css";

followTheme();
followScheme();
listenToKeys();
document.addEventListener("scroll", used, { capture: true, passive: true });
connect();
render(<App />, document.getElementById("root")!);
