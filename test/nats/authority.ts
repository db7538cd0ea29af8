/** What servers and clients know each other by: certificates, and JWTs of an operator, made anew for each test. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadClient } from "../../src/nats/client.ts";

interface KeyPair {
  getPublicKey(): string;
  getSeed(): Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

// The client has them too, which nothing but these tests needs.
const { nkeys } = (await loadClient()).transport as unknown as {
  readonly nkeys: Readonly<Record<"createOperator" | "createAccount" | "createUser", () => KeyPair>>;
};

/** A user's key, as a server has it in its configuration, and as a file of its seed. */
export function newUser(): { readonly pair: KeyPair; readonly publicKey: string; readonly seed: string } {
  const pair = nkeys.createUser();
  return { pair, publicKey: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString() };
}

/** An operator with one account, which may use JetStream: the server's configuration, and files of credentials. */
export function newOperator(): { readonly config: string; credentials(of?: "this" | "another" | "system"): string } {
  const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const none = -1;
  const anything = { subs: none, data: none, payload: none, imports: none, exports: none, conn: none, leaf: none };
  const jetStream = { mem_storage: none, disk_storage: none, streams: none, consumer: none };
  const accounts = [account, system].map((pair) => {
    const limits = { ...anything, wildcards: true, ...(pair === account && jetStream) };
    return `${pair.getPublicKey()}: ${jwt(operator, pair, { type: "account", limits })}`;
  });
  return {
    config: [
      `operator: ${jwt(operator, operator, { type: "operator" })}`,
      `system_account: ${system.getPublicKey()}`,
      `resolver: MEMORY\nresolver_preload: { ${accounts.join(", ")} }`,
    ].join("\n"),
    credentials: (of = "this") => {
      const { pair, seed } = newUser();
      const issuer = { this: account, another: nkeys.createAccount(), system }[of];
      const userJwt = jwt(issuer, pair, {
        type: "user",
        ...{ subs: none, data: none, payload: none },
      });
      return [
        `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n`,
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
      ].join("\n");
    },
  };
}

function jwt(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const claims = { iss: issuer.getPublicKey(), sub: subject.getPublicKey(), iat: 1, nats: { ...nats, version: 2 } };
  const jti = createHash("sha256").update(JSON.stringify(claims)).digest("hex");
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode({ jti, ...claims })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}

/** Certificates of one authority: its own (`ca`), a server's on the loopback, and a client's, as files. */
export interface Certificates {
  readonly ca: string;
  readonly server: Certified;
  readonly client: Certified;
}

export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** @param folder Where the files are put. @param name Of the authority. */
export function newCertificates(folder: string, name: string): Certificates {
  const file = (what: string): string => join(folder, `${name}-${what}.pem`);
  const openssl = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority: Certified = { cert: file("ca"), key: file("ca-key") };
  const days = ["-days", "2"];
  openssl("req", "-x509", ...newKey, ...days, "-subj", `/CN=${name}`, "-keyout", authority.key, "-out", authority.cert);
  const certified = (who: string, extensions: string): Certified => {
    const made: Certified = { cert: file(who), key: file(`${who}-key`) };
    const [request, more] = [file(`${who}-request`), file(`${who}-extensions`)];
    writeFileSync(more, extensions);
    openssl("req", ...newKey, "-subj", `/CN=${who}`, "-keyout", made.key, "-out", request);
    const signer = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial"];
    openssl("x509", "-req", "-in", request, ...signer, ...days, "-extfile", more, "-out", made.cert);
    return made;
  };
  return {
    ca: authority.cert,
    server: certified("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"),
    client: certified("client", "extendedKeyUsage=clientAuth\n"),
  };
}
