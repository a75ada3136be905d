/** `millrace … | head`: whoever reads has had enough, which is no mistake. */

/** Listens to the errors of stdout, unless a program is run, which decides for itself. */
export function readerGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit();
}
