/** What a browser gets in place of the page: the way to it, or why there is none. */

/**
 * A page that leads to the one in `folder`. Not a redirect: a browser that follows one from another site's page
 * sends no cookie that only this site may send.
 */
export function entryPage(folder: string): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="color-scheme" content="light dark" />
  <link rel="icon" href="data:," />
  <meta http-equiv="refresh" content="0; url=${folder}" />
  <title>millrace console</title>
  <a href="${folder}">Open the console</a>
</html>
`;
}

/** Of one that comes without a session: what happened, and where a link is to be had. `isPrinted`: the program's output has a new one. */
export function refusalPage(isPrinted: boolean): string {
  const where = isPrinted
    ? "A new one was printed where the program runs."
    : "Open it from the place where the program runs, not from another page.";
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="color-scheme" content="light dark" />
  <link rel="icon" href="data:," />
  <title>millrace console</title>
  <h1>This link does not open the console</h1>
  <p>Each link is good for one visit. ${where}</p>
</html>
`;
}
