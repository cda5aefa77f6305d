import { checkKeys, checkNumber, given } from '../../kernel/options.js';

/** What a server takes of its clients. */
export interface ServerLimits {
  /** How long the head of a request may take, in ms. @default 15_000 */
  readonly headersTimeoutMs?: number;
  /** How long a request may take with its body, in ms. @default 300_000 */
  readonly requestTimeoutMs?: number;
  /** How long a connection is kept that nobody uses, in ms. @default 65_000 */
  readonly keepAliveTimeoutMs?: number;
  /**
   * How long a client may take nothing of what waits for it, in ms; then its answer is cut off, after up to
   * 1.5 times as long. Holds for servers of yours as well.
   * @default 60_000
   */
  readonly sendTimeoutMs?: number;
  /** Connections at a time; further ones are closed. @default 10_000 */
  readonly maxConnections?: number;
  /** Requests on one connection; after so many it is closed. 0 for no limit. @default 0 */
  readonly maxRequestsPerConnection?: number;
  /**
   * Requests at a time on one connection: streams of HTTP/2, and of HTTP/1.1 those that are sent before the
   * answers to others have come. With more of these a connection is destroyed. Holds for servers of yours as
   * well, but for HTTP/2.
   * @default 100
   */
  readonly maxStreamsPerConnection?: number;
}

export const serverLimits = /* @__PURE__ */ Object.freeze({
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 65_000,
  sendTimeoutMs: 60_000,
  maxConnections: 10_000,
  maxRequestsPerConnection: 0,
  maxStreamsPerConnection: 100,
});

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkLimits(limits: ServerLimits): Required<ServerLimits> {
  const owner = 'ApiGateway: `limits`';
  checkKeys(owner, limits, Object.keys(serverLimits));
  const all = { ...serverLimits, ...given(limits) };
  for (const option of [
    ...(['headersTimeoutMs', 'requestTimeoutMs'] as const),
    ...(['keepAliveTimeoutMs', 'sendTimeoutMs'] as const),
  ] as const) {
    checkNumber(owner, option, all[option], { min: 1, max: 2 ** 31 - 1, integer: true });
  }
  checkNumber(owner, 'maxConnections', all.maxConnections, { min: 1, integer: true });
  checkNumber(owner, 'maxRequestsPerConnection', all.maxRequestsPerConnection, { min: 0, integer: true });
  const streams = { min: 1, max: 2 ** 31 - 1, integer: true };
  checkNumber(owner, 'maxStreamsPerConnection', all.maxStreamsPerConnection, streams);
  // Node wants the head to be part of the whole.
  return { ...all, requestTimeoutMs: Math.max(all.requestTimeoutMs, all.headersTimeoutMs) };
}
