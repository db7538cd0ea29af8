/** A certificate for name.test and the loopback, which its own process trusts once `trust` is called. */
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

const file = (name: string): URL => new URL(`tls/${name}.pem`, import.meta.url);

export const TLS: { readonly cert: Buffer; readonly key: Buffer } = {
  cert: readFileSync(file("cert")),
  key: readFileSync(file("key")),
};

/** One that says of itself something that has to be understood, and that nobody understands: Node has no code for that. */
export const NOT_UNDERSTOOD: typeof TLS = { cert: readFileSync(file("critical")), key: TLS.key };

export function trust(): void {
  const ours = [TLS, NOT_UNDERSTOOD].map(({ cert }) => cert.toString());
  setDefaultCACertificates([...getCACertificates("default"), ...ours]);
}
