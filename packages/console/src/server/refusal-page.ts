/** What a browser shows that comes without a session: what happened, and where a link is to be had. */

/** `isPrinted`: the program's output has a new one. */
export function refusalPage(isPrinted: boolean): string {
  const where = isPrinted
    ? "A new one was printed where the program runs."
    : "Open it from the place where the program runs, not from another page.";
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="color-scheme" content="light dark" />
  <title>millrace console</title>
  <h1>This link does not open the console</h1>
  <p>Each link is good for one visit. ${where}</p>
</html>
`;
}
