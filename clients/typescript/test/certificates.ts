import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Makes NAME.pem and NAME.key for localhost, signed by another or as a CA of its own; returns the path of NAME.pem. */
export function sign(folder: string, name: string, by = ""): string {
  const signer = by ? ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-addext", "basicConstraints=CA:FALSE"] : [];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", `/CN=${name}`];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", [...args, ...names, "-keyout", `${name}.key`, "-out", `${name}.pem`, ...signer], {
    cwd: folder,
    stdio: "pipe",
  });
  return join(folder, `${name}.pem`);
}
