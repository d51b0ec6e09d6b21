/** Certificates of every kind of fault, made by openssl. */
import { readFileSync } from "node:fs";

import type { Workspace } from "./daemons.js";
import { runProgram } from "./daemons.js";

/** Paths of PEM files. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  /** As in a configuration of openssl: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  /** Days from today; negative ones are past. */
  readonly from?: number;
  readonly until?: number;
  readonly usage?: "serverAuth" | "clientAuth";
}

/** For servers that are requested as localhost. */
const LOCAL_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1";
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const DAY = 86_400_000;

/** A certificate authority in a directory. */
export class Authority {
  readonly name: string;
  /** The path of its own certificate. */
  readonly ca: string;
  readonly #workspace: Workspace;
  readonly #key: string;

  /** @param issuer - Who signs its certificate; without one it is a root. */
  constructor(workspace: Workspace, name: string, issuer: Authority | null = null) {
    this.name = name;
    this.#workspace = workspace;
    this.ca = workspace.file(`${name}.pem`);
    this.#key = workspace.file(`${name}.key`);
    const config = workspace.write(`${name}.cnf`, configuration(workspace, name));
    workspace.write(`${name}.index`, "");
    const subject = ["-subj", `/CN=requests-ts ${name}`, "-config", config];
    if (issuer === null) {
      this.#openssl(
        "req",
        "-x509",
        ...KEY,
        "-keyout",
        this.#key,
        "-out",
        this.ca,
        "-days",
        "30",
        "-extensions",
        "authority",
        ...subject,
      );
      return;
    }
    const request = workspace.file(`${name}.csr`);
    this.#openssl("req", ...KEY, "-keyout", this.#key, "-out", request, ...subject);
    issuer.#sign(request, this.ca, "authority", -1, 30);
  }

  /** A certificate that this authority signed. */
  issue(name: string, options: LeafOptions = {}): Identity {
    const { names = LOCAL_NAMES, from = -1, until = 30, usage = "serverAuth" } = options;
    const cert = this.#workspace.file(`${name}.pem`);
    const key = this.#workspace.file(`${name}.key`);
    const request = this.#workspace.file(`${name}.csr`);
    const extensions = this.#workspace.write(
      `${name}.ext`,
      `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}\nsubjectAltName=${names}\n`,
    );
    const config = this.#workspace.file(`${this.name}.cnf`);
    this.#openssl(
      "req",
      ...KEY,
      "-keyout",
      key,
      "-out",
      request,
      "-subj",
      `/CN=requests-ts ${name}`,
      "-config",
      config,
    );
    this.#sign(request, cert, null, from, until, extensions);
    return { cert, key };
  }

  /** A self-signed certificate that is not an authority. */
  selfSigned(name: string): Identity {
    const cert = this.#workspace.file(`${name}.pem`);
    const key = this.#workspace.file(`${name}.key`);
    const config = this.#workspace.file(`${this.name}.cnf`);
    this.#openssl(
      "req",
      "-x509",
      ...KEY,
      "-keyout",
      key,
      "-out",
      cert,
      "-days",
      "30",
      "-subj",
      "/CN=localhost",
      "-addext",
      `subjectAltName=${LOCAL_NAMES}`,
      "-config",
      config,
    );
    return { cert, key };
  }

  #sign(request: string, cert: string, section: string | null, from: number, until: number, file = ""): void {
    this.#openssl(
      "ca",
      "-batch",
      "-notext",
      "-config",
      this.#workspace.file(`${this.name}.cnf`),
      "-cert",
      this.ca,
      "-keyfile",
      this.#key,
      "-in",
      request,
      "-out",
      cert,
      "-startdate",
      moment(from),
      "-enddate",
      moment(until),
      ...(section === null ? ["-extfile", file] : ["-extensions", section]),
    );
  }

  #openssl(...args: string[]): void {
    runProgram("openssl", args, { cwd: this.#workspace.path });
  }
}

function configuration(workspace: Workspace, name: string): string {
  return `
[req]
distinguished_name = subject
prompt = no
[subject]
CN = nobody
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = this
[this]
database = ${workspace.file(`${name}.index`)}
new_certs_dir = ${workspace.path}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
`;
}

/** YYYYMMDDHHMMSSZ of a day from today. */
function moment(days: number): string {
  const text = new Date(Date.now() + days * DAY).toISOString();
  return `${text.slice(0, 19).replace(/[-:T]/g, "")}Z`;
}

/** The key under a passphrase, as PKCS#8. */
export function encryptedKey(identity: Identity, passphrase: string): string {
  const path = `${identity.key}.encrypted`;
  runProgram("openssl", ["pkcs8", "-topk8", "-in", identity.key, "-out", path, "-passout", `pass:${passphrase}`]);
  return path;
}

/** Certificate and key in one PKCS#12 file. */
export function pkcs12(identity: Identity, passphrase: string): string {
  const path = `${identity.cert}.p12`;
  runProgram("openssl", [
    "pkcs12",
    "-export",
    "-in",
    identity.cert,
    "-inkey",
    identity.key,
    "-out",
    path,
    "-passout",
    `pass:${passphrase}`,
  ]);
  return path;
}

/** The contents of the files, joined. */
export function joined(...paths: readonly string[]): string {
  return paths.map((path) => readFileSync(path, "utf8")).join("\n");
}

/** SHA-256 of a certificate, as Node prints it. */
export function fingerprintOf(path: string): string {
  return runProgram("openssl", ["x509", "-in", path, "-noout", "-fingerprint", "-sha256"]).trim().replace(/^.*=/, "");
}
