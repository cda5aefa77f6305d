import type { SecureContextOptions } from 'node:tls';

/**
 * What is trusted, and shown, where an upstream speaks TLS. The name that is asked for, and that its
 * certificate must have, is always the host of the upstream, whatever `Host` says.
 */
export interface UpstreamTls extends SecureContextOptions {
  /** Whether a certificate that cannot be verified ends the request with 502. @default true */
  readonly rejectUnauthorized?: boolean;
}
