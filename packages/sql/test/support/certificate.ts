/** A certificate that nobody has signed, for 127.0.0.1; made by the system's openssl. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** `undefined` where there is no openssl. */
export function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), "millrace-certificate-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  try {
    const asked = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1";
    const alternative = ["-addext", "subjectAltName=IP:127.0.0.1"];
    const { status } = spawnSync("openssl", [
      ...asked.split(" "),
      ...alternative,
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    return status === 0 ? { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") } : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
