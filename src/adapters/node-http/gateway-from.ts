import type { TlsOptions } from 'node:tls';
import type { GatewayConfig } from '../../gateway/gateway-config.js';
import type { GatewayExtras } from '../../gateway/gateway-extras.js';
import { GatewayReader, type GatewayReading } from '../../gateway/gateway-reader.js';
import { checkKeys, checkNumber, refuse } from '../../kernel/options.js';
import { makeOf } from '../../resilience/config-making.js';
import type { ConfigProblems } from '../../resilience/config-problems.js';
import { ApiGateway } from './api-gateway.js';
import type { ApiGatewayOptions } from './api-gateway-options.js';
import { checkLimits, type ServerLimits } from './server-limits.js';
import { checkTlsFiles, type TlsFilesConfig } from './tls-files.js';

/** Where a gateway listens, as data. */
export interface ListenConfig {
  /** 0 for any that is free. */
  readonly port: number;
  /** The address, or its name. @default all addresses */
  readonly host?: string;
  /** Files of key and certificate, which may change while it runs. @default plain HTTP */
  readonly tls?: TlsFilesConfig;
  /** Whether it speaks HTTP/2 as well, which needs `tls`. @default false */
  readonly http2?: boolean;
}

/** A gateway with its server, as data; the file `keelson/gateway.schema.json` says what it may hold. */
export interface ApiGatewayConfig extends GatewayConfig {
  /** Where it listens; for a `GatewayFile` and the command, and else not read. @default nowhere */
  readonly listen?: ListenConfig;
  /** What its server takes of its clients. @default those of `ServerLimits` */
  readonly limits?: ServerLimits;
}

/** What a config names and cannot hold, with what its server needs. */
export interface ApiGatewayExtras extends GatewayExtras {
  /** What speaks to upstreams. @default a new HttpEngine */
  readonly engine?: NonNullable<ApiGatewayOptions['engine']>;
  /** Key and certificate, for a server that speaks TLS. @default plain HTTP */
  readonly tls?: NonNullable<ApiGatewayOptions['tls']>;
}

type Fields = Readonly<Record<string, unknown>>;

const serverFields = ['listen', 'limits'];

/** Reads configs in turn, as {@link GatewayReader} does, with what belongs to the server. */
export class ServerReader {
  readonly #reader: GatewayReader;
  readonly #extras: ApiGatewayExtras;

  constructor(owner: string, extras: ApiGatewayExtras) {
    this.#reader = new GatewayReader(owner, extras, ['engine', 'tls']);
    this.#extras = extras;
  }

  /** @throws ConfigError with all that is wrong. */
  read(config: unknown): GatewayReading {
    return this.#reader.read(config, serverFields, checkServer);
  }

  /** What was read last is what the gateway goes by. */
  commit(): void {
    this.#reader.commit();
  }

  /** A gateway of what was read; `secure` is what the files of its key and certificate hold. */
  gateway({ options, beside }: GatewayReading, secure?: TlsOptions): ApiGateway {
    const { engine, tls = secure } = this.#extras;
    const listen = beside['listen'] as ListenConfig | undefined;
    const limits = beside['limits'] as ServerLimits | undefined;
    return new ApiGateway({
      ...options,
      ...(engine && { engine }),
      ...(tls && { tls, http2: listen?.http2 === true }),
      ...(limits && { limits }),
    });
  }
}

function checkServer(beside: Fields, problems: ConfigProblems): void {
  const make = ({ limits, listen }: Fields): boolean => {
    try {
      if (limits !== undefined) checkLimits(limits as ServerLimits);
      if (listen !== undefined) checkListen(listen as ListenConfig);
    } catch (error) {
      const message = (error as Error).message.replace(/`: `options` (?=must)/, '` ');
      // Of a part: `limits`: `a` must … is what stands at `limits.a`.
      throw new TypeError(message.replace(/`(\w+)`: `(\w+)` (?=must)/, '`$1.$2` '));
    }
    return true;
  };
  makeOf({ options: { ...beside }, entry: beside, path: '', make }, problems);
}

function checkListen(listen: ListenConfig): void {
  checkKeys('gateway: `listen`', listen, ['port', 'host', 'tls', 'http2']);
  checkNumber('gateway', 'listen.port', listen.port, { min: 0, max: 65_535, integer: true });
  const { host } = listen;
  if (host !== undefined && (typeof host !== 'string' || host === '')) {
    refuse('gateway', 'listen.host', 'an address, or its name', host);
  }
  if (listen.tls !== undefined) checkTlsFiles('gateway', 'listen.tls', listen.tls);
  if (listen.http2 !== undefined && typeof listen.http2 !== 'boolean') {
    refuse('gateway', 'listen.http2', 'true or false', listen.http2);
  }
}

/**
 * Makes a gateway of data: an object, or a text of JSON, or of YAML with `extras.yaml`. It does not listen.
 *
 * @throws ConfigError, a `TypeError`, with the path of all that is wrong, and of a text with the line and
 * the column.
 * @example
 * ```ts
 * import { gatewayFrom } from 'keelson/gateway';
 *
 * const gateway = gatewayFrom({
 *   routes: [
 *     { path: '/api/*rest', upstream: 'http://10.0.0.5:8080', rewrite: '/*rest', policy: 'reads' },
 *     { path: '/ping', reply: { body: 'pong' } },
 *   ],
 *   pipelines: { reads: [{ kind: 'retry', attempts: 2 }, { kind: 'circuit-breaker' }] },
 * });
 * gateway.snapshot().inFlight; // => 0
 * ```
 */
export function gatewayFrom(config: ApiGatewayConfig | string, extras: ApiGatewayExtras = {}): ApiGateway {
  const reader = new ServerReader('gatewayFrom', extras);
  const reading = reader.read(config);
  reader.commit();
  return reader.gateway(reading);
}
