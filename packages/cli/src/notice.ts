/** What the command itself has to say goes to stderr, so that stdout is the program's. */
export function notice(text: string): void {
  process.stderr.write(`millrace: ${text}\n`);
}
