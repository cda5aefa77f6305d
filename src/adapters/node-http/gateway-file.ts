import { open } from 'node:fs/promises';
import type { GatewayReading } from '../../gateway/gateway-reader.js';
import { systemClock } from '../../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../../kernel/events.js';
import { checkNumber, refuse } from '../../kernel/options.js';
import { ConfigError } from '../../resilience/config-error.js';
import type { ApiGateway } from './api-gateway.js';
import type { CloseOptions } from './api-gateway-options.js';
import { type ApiGatewayExtras, type ListenConfig, ServerReader } from './gateway-from.js';

/** How a file is read. */
export interface GatewayFileOptions extends ApiGatewayExtras {
  /** How often the file is looked at, in ms; 0 for never, only by `reload`. @default 1_000 */
  readonly pollMs?: number;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface GatewayFileEvents {
  /** The file has changed, and from now on its routes count. */
  reloaded: { readonly path: string; readonly at: number; readonly routes: number };
  /** What stands in the file now cannot be; told once of each. The routes stay what they were. */
  refused: { readonly path: string; readonly at: number; readonly error: unknown };
}

/** No config that somebody writes is larger, in bytes. */
const MOST_BYTES = 8_388_608;

/** A gateway that is what a file says, and what it says later. Made by {@link GatewayFile.open}. */
export class GatewayFile implements Observable<GatewayFileEvents> {
  /** The gateway; it does not listen by itself. */
  readonly gateway: ApiGateway;
  readonly #path: string;
  readonly #reader: ServerReader;
  readonly #events = new Emitter<GatewayFileEvents>(['reloaded', 'refused']);
  readonly #clock: typeof systemClock;
  readonly #pollMs: number;
  #reading: GatewayReading;
  #text: string;
  #problem: string | undefined;
  #timer: { cancel(): void } | undefined;
  #under: Promise<boolean> | undefined;
  #closed = false;

  private constructor(path: string, text: string, reader: ServerReader, options: GatewayFileOptions) {
    const { pollMs = 1_000, clock = systemClock } = options;
    this.#path = path;
    this.#text = text;
    this.#reader = reader;
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#reading = reader.read(text);
    reader.commit();
    this.gateway = reader.gateway(this.#reading);
    this.#watch();
  }

  /**
   * Reads a file, and makes a gateway of it. With `options.yaml` it may be YAML, else it is JSON.
   *
   * @throws ConfigError, as a rejection, with all that is wrong, its lines and columns; and what reading
   * throws.
   */
  static async open(path: string, options: GatewayFileOptions = {}): Promise<GatewayFile> {
    const { pollMs, ...extras } = options;
    if (typeof path !== 'string') refuse('GatewayFile', 'path', 'the path of a file', path);
    checkNumber('GatewayFile', 'pollMs', pollMs ?? 0, { min: 0, max: 2 ** 31 - 1 });
    const reader = new ServerReader('GatewayFile', extras);
    return new GatewayFile(path, await readBounded(path), reader, options);
  }

  /** Where it is to listen, as the file said in the beginning; `undefined` where it says nothing. */
  get place(): ListenConfig | undefined {
    return this.#reading.beside['listen'] as ListenConfig | undefined;
  }

  /**
   * Looks at the file now. Resolves with whether it has changed.
   *
   * @throws ConfigError, as a rejection, when what it says now cannot be: the routes stay what they were.
   */
  async reload(): Promise<boolean> {
    // One after the other: what is found last counts.
    while (this.#under !== undefined) await this.#under.catch(() => {});
    this.#under = this.#reload().finally(() => {
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

/** All of a file, unless it is larger than it may be. */
async function readBounded(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(65_536);
    const parts: Buffer[] = [];
    for (let size = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
      size += bytesRead;
      if (size > MOST_BYTES) throw new RangeError(`GatewayFile: ${path} has more than ${MOST_BYTES} bytes`);
      parts.push(Buffer.from(buffer.subarray(0, bytesRead)));
    }
  } finally {
    await file.close();
  }
}
