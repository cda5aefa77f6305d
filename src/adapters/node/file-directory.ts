import { open } from 'node:fs/promises';
import { checkList, DirectoryShelf } from '../../discovery/directory-shelf.js';
import type { StorePosition, StoreView } from '../../discovery/registry-store.js';
import type { ServiceDirectory } from '../../discovery/service-registry.js';
import { type DirectoryStore, StoredDirectory } from '../../discovery/stored-directory.js';
import type { DirectoryOptions } from '../../discovery/stored-registry.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../../kernel/options.js';

/** How a directory of a file is made. */
export interface FileDirectoryOptions extends DirectoryOptions {
  /** The file: JSON, a list of instances, or an object with that list as `instances`. */
  readonly path: string;
  /** How often it is read, in ms. @default 1000 */
  readonly pollMs?: number;
  /** The largest file that is read, in bytes. @default 10485760 */
  readonly maxBytes?: number;
  /** The largest metadata of one instance, names and values together, in bytes. @default 4096 */
  readonly maxMetadataBytes?: number;
  /** So many instances, of all services together. @default 100000 */
  readonly maxInstances?: number;
  /** Told once of each thing that is wrong with it, while what was read before stays. @default nobody */
  readonly onProblem?: (error: unknown) => void;
}

const defaults = { pollMs: 1_000, maxBytes: 10_485_760, maxMetadataBytes: 4_096, maxInstances: 100_000 };
const owner = 'fileDirectory';
const shared = ['name', 'maxWatches', 'answerTimeoutMs', 'clock', 'random'];

type FilePlan = Required<Omit<FileDirectoryOptions, keyof DirectoryOptions | 'onProblem'>> & {
  readonly onProblem: FileDirectoryOptions['onProblem'];
  readonly clock: Clock;
};

/** Reads the file whenever somebody asks, though not more often than it is to be. */
class FileStore implements DirectoryStore {
  readonly pollMs: number;
  readonly #plan: FilePlan;
  readonly #shelf = new DirectoryShelf();
  #text: string | undefined;
  #problem: { readonly error: unknown } | undefined;
  #reading: Promise<void> | undefined;
  #readAt = -Infinity;

  constructor(plan: FilePlan) {
    this.#plan = plan;
    this.pollMs = plan.pollMs;
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    await this.#look();
    // Who begins has what is known; who knows it hears that it is old.
    if (this.#problem !== undefined && (since !== undefined || this.#text === undefined)) {
      throw this.#problem.error;
    }
    return this.#shelf.view(service, since);
  }

  async services(): Promise<readonly string[]> {
    await this.#look();
    if (this.#text === undefined && this.#problem !== undefined) throw this.#problem.error;
    return this.#shelf.names();
  }

  /** One reading for all who ask at a time, and for a while afterwards. */
  async #look(): Promise<void> {
    const { clock, pollMs } = this.#plan;
    if (this.#reading === undefined && clock.now() - this.#readAt < pollMs / 2) return;
    this.#reading ??= this.#load().finally(() => {
      this.#readAt = clock.now();
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #load(): Promise<void> {
    const { path, maxBytes, maxMetadataBytes, maxInstances, onProblem } = this.#plan;
    try {
      const text = await readBounded(path, maxBytes);
      if (text !== this.#text) {
        const read: unknown = JSON.parse(text);
        const list = isRecord(read) ? read['instances'] : read;
        this.#shelf.putAll(checkList(list, maxMetadataBytes, maxInstances));
        this.#text = text;
      }
      this.#problem = undefined;
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      const error = new Error(`${owner}: ${path}: ${words}`, { cause });
      const isNew = (this.#problem?.error as Error | undefined)?.message !== error.message;
      this.#problem = { error };
      if (isNew) onProblem?.(error);
    }
  }
}

/** All of a file, unless it is larger than it may be: it may be one that never ends. */
async function readBounded(path: string, most: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, null);
      if (bytesRead === 0) return Buffer.concat(parts).toString();
      size += bytesRead;
      if (size > most) throw new RangeError(`it has more than ${most} bytes (\`maxBytes\`)`);
      parts.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/**
 * A file with a list of instances, in the place of a registry: it is read again and again, and what it says
 * is so once it is whole. While it is not there, or not right, what was read before stays.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { ServiceWatcher } from 'keelson/discovery';
 * import { fileDirectory } from 'keelson/node';
 *
 * const onProblem = (error: unknown) => console.error(error);
 * const directory = fileDirectory({ path: '/etc/shop/services.json', onProblem });
 * const cart = new ServiceWatcher({ registry: directory, service: 'cart' });
 * ```
 */
export function fileDirectory(options: FileDirectoryOptions): ServiceDirectory {
  checkKeys(owner, options, ['path', 'onProblem', ...Object.keys(defaults), ...shared]);
  const { path, onProblem, pollMs, maxBytes, maxMetadataBytes, maxInstances, ...rest } = {
    onProblem: undefined,
    ...defaults,
    ...given(options),
  };
  if (typeof path !== 'string' || path === '') refuse(owner, 'path', 'the path of a file', path);
  if (onProblem !== undefined && typeof onProblem !== 'function') {
    refuse(owner, 'onProblem', 'a function', onProblem);
  }
  const bounds = { maxBytes, maxMetadataBytes, maxInstances };
  checkNumber(owner, 'pollMs', pollMs, { min: 1, max: 2 ** 40 });
  for (const [option, value] of Object.entries(bounds)) {
    checkNumber(owner, option, value, { min: 1, max: 2 ** 30, integer: true });
  }
  const { clock = systemClock } = rest;
  const store = new FileStore({ path, pollMs, ...bounds, onProblem, clock });
  return new StoredDirectory(store, { name: 'file', ...rest });
}
