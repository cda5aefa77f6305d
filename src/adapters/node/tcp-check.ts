import { connect } from 'node:net';
import type { CheckedInstance, HealthCheck } from '../../discovery/health-options.js';
import { checkKeys, checkNumber, given, refuse } from '../../kernel/options.js';

/** How an instance is asked over TCP. */
export interface TcpCheckOptions<I extends CheckedInstance = CheckedInstance> {
  /** Where it is asked, as `host:port` or an origin. @default its `address` */
  readonly address?: (instance: I) => string;
  /** What it is asked at, in place of the port of its address. @default that of its address */
  readonly port?: number;
}

const owner = 'tcpCheck';
const ports: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Host and port of an address; an origin without a port has that of its scheme. */
function placeOf(
  address: string,
  port: number | undefined,
): { readonly host: string; readonly port: number } {
  const url = new URL(address.includes('://') ? address : `tcp://${address}`);
  const at = port ?? (Number(url.port) || ports[url.protocol]);
  if (at === undefined) throw new TypeError(`${owner}: there is no port in ${address}: give \`port\``);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: at };
}

/**
 * Asks an instance over TCP: it passes when a connection is accepted, which is ended at once. That says that
 * the process is there, and little more: a process that stands still is connected to by its system.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function tcpCheck<I extends CheckedInstance = CheckedInstance>(
  options: TcpCheckOptions<I> = {},
): HealthCheck<I> {
  checkKeys(owner, options, ['address', 'port']);
  const { address = (instance: I) => instance.address, port } = given(options);
  if (typeof address !== 'function') refuse(owner, 'address', 'a function', address);
  if (port !== undefined) checkNumber(owner, 'port', port, { min: 1, max: 65_535, integer: true });
  return (instance, { signal }) =>
    new Promise<boolean>((resolve, reject) => {
      const place = address(instance);
      if (typeof place !== 'string') throw new TypeError(`${owner}: \`${instance.id}\` has no address`);
      const socket = connect(placeOf(place, port));
      const giveUp = (): void => void socket.destroy();
      socket.unref();
      signal.addEventListener('abort', giveUp, { once: true });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', reject);
      socket.once('close', () => {
        signal.removeEventListener('abort', giveUp);
        reject(new Error(`${owner}: no connection to ${place}`));
      });
    });
}
