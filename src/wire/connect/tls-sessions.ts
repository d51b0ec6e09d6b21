/** TLS sessions that later connections resume, and the certificates that their peers showed. */
import type { PeerCertificate, SecureContext, TLSSocket } from "node:tls";

const shown = new WeakMap<TLSSocket, PeerCertificate>();

/** The certificate that the peer showed, also when it did so on an earlier connection whose session was resumed. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate {
  return shown.get(socket) ?? socket.getPeerCertificate();
}

/** A session to resume. */
export interface TlsSession {
  readonly session: Buffer;
  /** The secure context that verified the session. */
  readonly context: SecureContext;
  /** The peer's certificate of the full handshake. Node does not know it on a connection that resumes the session. */
  readonly certificate: PeerCertificate;
}

/**
 * TLS sessions to resume (RFC 8446 §2.2), by route: a session never leaves the policy it was made under. Node verifies no
 * certificate when it resumes one, so that a session also ends with its secure context: a file of the policy has changed.
 */
export class TlsSessions {
  readonly #sessions = new Map<string, TlsSession>();
  static readonly MAX = 100;

  get(key: string, context: SecureContext): TlsSession | undefined {
    const found = this.#sessions.get(key);
    return found?.context === context ? found : undefined;
  }

  /**
   * Keeps the sessions that the socket is given, and the certificate that it is shown: Node parses the certificate each
   * time it is asked for, which costs as much as the rest of a handshake that resumes.
   *
   * @param offered - The session that the socket itself was to resume.
   */
  follow(key: string, socket: TLSSocket, context: SecureContext, offered: TlsSession | undefined): void {
    // Before Node's own listener, which closes the socket over a certificate that it does not trust.
    socket.prependOnceListener("secure", () => {
      const resumed = offered !== undefined && socket.isSessionReused();
      shown.set(socket, resumed ? offered.certificate : socket.getPeerCertificate());
    });
    socket.on("session", (session: Buffer) =>
      this.set(key, { session, context, certificate: peerCertificateOf(socket) }),
    );
  }

  set(key: string, session: TlsSession): void {
    this.#sessions.delete(key);
    if (this.#sessions.size >= TlsSessions.MAX) this.#sessions.delete(this.#sessions.keys().next().value!);
    this.#sessions.set(key, session);
  }

  forget(key: string): void {
    this.#sessions.delete(key);
  }
}
