/** A certificate for name.test and the loopback, which its own process trusts once `trust` is called. */
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

const file = (name: string): URL => new URL(`tls/${name}.pem`, import.meta.url);

export const TLS: { readonly cert: Buffer; readonly key: Buffer } = {
  cert: readFileSync(file("cert")),
  key: readFileSync(file("key")),
};

export function trust(): void {
  setDefaultCACertificates([...getCACertificates("default"), TLS.cert.toString()]);
}
