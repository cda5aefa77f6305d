import type { TlsOptions } from 'node:tls';
import type { GatewayReading } from '../../gateway/gateway-reader.js';
import { systemClock } from '../../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../../kernel/events.js';
import { checkNumber, refuse } from '../../kernel/options.js';
import { ConfigError } from '../../resilience/config-error.js';
import type { ApiGateway } from './api-gateway.js';
import type { CloseOptions } from './api-gateway-options.js';
import { type ApiGatewayExtras, type ListenConfig, ServerReader } from './gateway-from.js';
import { checkTlsFiles, readBounded, TlsFiles, type TlsFilesConfig } from './tls-files.js';

/** How a file is read. */
export interface GatewayFileOptions extends ApiGatewayExtras {
  /** How often the file is looked at, in ms; 0 for never, only by `reload`. @default 1_000 */
  readonly pollMs?: number;
  /** In the place of `listen.tls` of the file. @default that */
  readonly tlsFiles?: TlsFilesConfig;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface GatewayFileEvents {
  /** The file has changed, and from now on its routes count. */
  reloaded: { readonly path: string; readonly at: number; readonly routes: number };
  /** Key or certificate have changed, and are those of new connections; `path` is that of the certificate. */
  certificateReloaded: { readonly path: string; readonly at: number };
  /**
   * What stands in the file now cannot be, or key and certificate cannot; told once of each. The routes, or
   * those, stay what they were.
   */
  refused: { readonly path: string; readonly at: number; readonly error: unknown };
}

/** What a file has said in the beginning. */
interface Found {
  readonly text: string;
  readonly reader: ServerReader;
  readonly reading: GatewayReading;
  readonly tls: TlsFiles | undefined;
  readonly secure: TlsOptions | undefined;
}

/** A gateway that is what a file says, and what it says later. Made by {@link GatewayFile.open}. */
export class GatewayFile implements Observable<GatewayFileEvents> {
  /** The gateway; it does not listen by itself. */
  readonly gateway: ApiGateway;
  readonly #path: string;
  readonly #reader: ServerReader;
  readonly #events = new Emitter<GatewayFileEvents>(['reloaded', 'certificateReloaded', 'refused']);
  readonly #clock: typeof systemClock;
  readonly #pollMs: number;
  #reading: GatewayReading;
  #text: string;
  #problem: string | undefined;
  readonly #tls: TlsFiles | undefined;
  #tlsProblem: string | undefined;
  #timer: { cancel(): void } | undefined;
  #under: Promise<boolean> | undefined;
  #closed = false;

  private constructor(path: string, options: GatewayFileOptions, found: Found) {
    const { pollMs = 1_000, clock = systemClock } = options;
    const { text, reader, reading, tls, secure } = found;
    this.#path = path;
    this.#text = text;
    this.#reader = reader;
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#reading = reading;
    this.#tls = tls;
    this.gateway = reader.gateway(reading, secure);
    this.#watch();
  }

  /**
   * Reads a file, and makes a gateway of it. With `options.yaml` it may be YAML, else it is JSON.
   *
   * @throws ConfigError, as a rejection, with all that is wrong, its lines and columns; and what reading
   * throws, also of key and certificate.
   */
  static async open(path: string, options: GatewayFileOptions = {}): Promise<GatewayFile> {
    const { pollMs, tlsFiles, ...extras } = options;
    if (typeof path !== 'string') refuse('GatewayFile', 'path', 'the path of a file', path);
    checkNumber('GatewayFile', 'pollMs', pollMs ?? 0, { min: 0, max: 2 ** 31 - 1 });
    if (tlsFiles !== undefined) checkTlsFiles('GatewayFile', 'tlsFiles', tlsFiles);
    const reader = new ServerReader('GatewayFile', extras);
    const text = await readBounded(path);
    const reading = reader.read(text);
    reader.commit();
    const listen = reading.beside['listen'] as ListenConfig | undefined;
    const files = tlsFiles ?? listen?.tls;
    if (listen?.http2 === true && files === undefined && extras.tls === undefined) {
      throw new TypeError('GatewayFile: `listen.http2` needs `listen.tls`');
    }
    const tls = files === undefined || extras.tls !== undefined ? undefined : new TlsFiles(files, path);
    const secure = await tls?.read();
    return new GatewayFile(path, options, { text, reader, reading, tls, secure });
  }

  /** Where it is to listen, as the file said in the beginning; `undefined` where it says nothing. */
  get place(): ListenConfig | undefined {
    return this.#reading.beside['listen'] as ListenConfig | undefined;
  }

  /**
   * Looks at the file now, and at key and certificate. Resolves with whether any has changed.
   *
   * @throws ConfigError, as a rejection, when what it says now cannot be, and Error when key and certificate
   * cannot: what cannot be changes nothing.
   */
  async reload(): Promise<boolean> {
    // One after the other: what is found last counts.
    while (this.#under !== undefined) await this.#under.catch(() => {});
    this.#under = this.#reloadAll().finally(() => {
      this.#under = undefined;
    });
    return this.#under;
  }

  on<Name extends keyof GatewayFileEvents>(
    event: Name,
    listener: Listener<GatewayFileEvents[Name]>,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** Looks at the file no more, and closes the gateway. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    return this.gateway.close(options);
  }

  /** Closes it at once: what is under way is cut off. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ graceMs: 0 });
  }

  #watch(): void {
    if (this.#pollMs === 0 || this.#closed) return;
    this.#timer = this.#clock.schedule(this.#pollMs, () => {
      this.reload()
        .catch(() => {})
        .finally(() => this.#watch());
    });
  }

  async #reloadAll(): Promise<boolean> {
    const [config, secure] = await Promise.allSettled([this.#reload(), this.#reloadTls()]);
    for (const one of [config, secure]) if (one.status === 'rejected') throw one.reason;
    return [config, secure].some(one => one.status === 'fulfilled' && one.value);
  }

  /** Connections that are there keep what they began with. */
  async #reloadTls(): Promise<boolean> {
    const tls = this.#tls;
    if (tls === undefined) return false;
    try {
      const options = await tls.read();
      this.#tlsProblem = undefined;
      if (options === undefined) return false;
      this.gateway.replaceTls(options);
      this.#events.emit('certificateReloaded', { path: tls.path, at: this.#clock.wall() });
      return true;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#tlsProblem) {
        this.#events.emit('refused', { path: tls.path, at: this.#clock.wall(), error });
      }
      this.#tlsProblem = message;
      throw error;
    }
  }

  async #reload(): Promise<boolean> {
    const path = this.#path;
    try {
      const text = await readBounded(path);
      if (text === this.#text && this.#problem === undefined) return false;
      const isBack = text === this.#text;
      const reading = this.#reader.read(text);
      this.#checkSettled(reading);
      this.gateway.replace(reading.options.routes);
      this.#reader.commit();
      this.#text = text;
      this.#reading = reading;
      this.#problem = undefined;
      if (isBack) return false;
      this.#events.emit('reloaded', { path, at: this.#clock.wall(), routes: reading.options.routes.length });
      return true;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#problem) this.#events.emit('refused', { path, at: this.#clock.wall(), error });
      this.#problem = message;
      throw error;
    }
  }

  /** What does not belong to routes is settled when the gateway begins. */
  #checkSettled({ settled, told }: GatewayReading): void {
    const before = this.#reading.settled;
    const names = new Set([...before.keys(), ...settled.keys()]);
    const changed = [...names].filter(name => before.get(name) !== settled.get(name));
    if (changed.length === 0) return;
    const says = 'cannot change while the gateway runs: start it anew';
    throw new ConfigError(told(changed.map(path => ({ path, message: `${path} ${says}` }))));
  }
}
