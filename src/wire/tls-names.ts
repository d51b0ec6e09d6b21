/** Whether a certificate was issued for a host. */
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/**
 * Checks the names of a certificate as RFC 9525 says, and as Python, curl and browsers do. Node's own check also accepts
 * the Common Name of the subject, and a wildcard that is only a part of a label (`f*.example.com`).
 *
 * @param host - A name without its trailing dot, or an IP address without brackets and zone.
 * @returns The error, with the certificate; undefined when it was issued for the host.
 */
export function checkName(host: string, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname } = certificate as { readonly subjectaltname?: string };
  const names = subjectaltname?.includes("*") === true ? withoutPartialWildcards(subjectaltname) : subjectaltname;
  const subject = {} as PeerCertificate["subject"];
  const error = checkServerIdentity(host, { ...certificate, subject, subjectaltname: names } as PeerCertificate);
  return error === undefined ? undefined : Object.assign(error, { cert: certificate });
}

/** @param names - As Node prints them: parted by commas, in quotes where a name has one. */
function withoutPartialWildcards(names: string): string {
  const entries = names.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return entries
    .map((entry) => entry.trim())
    .filter((entry) => !entry.includes("*") || /^DNS:\*\.[^*]+$/.test(entry))
    .join(", ");
}
