/** The page. */
import { render } from "preact";

render(<main>millrace console</main>, document.getElementById("root")!);
