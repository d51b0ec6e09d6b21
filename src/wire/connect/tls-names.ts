/** Whether a certificate was issued for a host. */
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

import { literalAddresses } from "./host-address.js";

const ADDRESS = "IP Address:";

/**
 * Checks the names of a certificate as RFC 9525 says, and as Python, curl and browsers do. Node's own check also accepts
 * the Common Name of the subject and a wildcard that is only a part of a label (`f*.example.com`), and some versions of
 * it (22.23) know no IPv6 address.
 *
 * @param host - A name without its trailing dot, or an IP address without brackets and zone.
 * @returns The error, with the certificate; undefined when it was issued for the host.
 */
export function checkName(host: string, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname = "" } = certificate as { readonly subjectaltname?: string };
  const names = namesIn(subjectaltname);
  if (isIP(host) !== 0) {
    const address = canonical(host);
    if (names.some((name) => name.startsWith(ADDRESS) && canonical(name.slice(ADDRESS.length)) === address)) return;
    return wrongName(new Error(`IP: ${host} is not in the certificate's list: ${subjectaltname}`), host, certificate);
  }
  const usable = names.filter((name) => !name.includes("*") || /^DNS:\*\.[^*]+$/.test(name)).join(", ");
  const subject = {} as PeerCertificate["subject"];
  const error = checkServerIdentity(host, { ...certificate, subject, subjectaltname: usable });
  return error && wrongName(error, host, certificate);
}

/** The names, which Node prints with commas between them, and in quotes where a name has a comma. */
function namesIn(subjectaltname: string): string[] {
  return (subjectaltname.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((name) => name.trim());
}

function canonical(address: string): string | undefined {
  return isIP(address) === 0 ? undefined : literalAddresses(address)?.[0];
}

function wrongName(error: Error, host: string, cert: PeerCertificate): Error {
  return Object.assign(error, { code: "ERR_TLS_CERT_ALTNAME_INVALID", host, cert });
}
