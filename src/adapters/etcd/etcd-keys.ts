import type { InstanceKey } from '../../discovery/registry-store.js';

/** As the gateway has bytes. */
export const encoded = (text: string): string => Buffer.from(text).toString('base64');
export const decoded = (text: string): string => Buffer.from(text, 'base64').toString();

/** All keys that begin alike; `/`, their last character, has `0` behind it. */
export interface KeyRange {
  readonly key: string;
  readonly range_end: string;
}

function below(folder: string): KeyRange {
  return { key: encoded(folder), range_end: encoded(`${folder.slice(0, -1)}0`) };
}

/** Where things stand: names of services and ids have no `/`. */
export class EtcdKeys {
  readonly #prefix: string;
  /** Names the life of what is held. */
  readonly epoch: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.epoch = encoded(`${prefix}/epoch`);
  }

  instance({ service, id }: InstanceKey): string {
    return encoded(`${this.#prefix}/instances/${service}/${id}`);
  }

  /** What is remembered of one that is gone, or may be. */
  grave({ service, id }: InstanceKey): string {
    return encoded(`${this.#prefix}/graves/${service}/${id}`);
  }

  all(): KeyRange {
    return below(`${this.#prefix}/instances/`);
  }

  of(service: string): KeyRange {
    return below(`${this.#prefix}/instances/${service}/`);
  }

  /** The key of an instance, taken apart; `undefined` for what others have put there. */
  parse(key: string): InstanceKey | undefined {
    const [service, id, ...more] = decoded(key).slice(`${this.#prefix}/instances/`.length).split('/');
    return service === undefined || id === undefined || more.length > 0 ? undefined : { service, id };
  }

  /** Where the next service may begin: the rest of this one is of no interest. */
  behind(key: string): string {
    const service = this.parse(key)?.service;
    return service === undefined ? encoded(`${decoded(key)}\0`) : this.of(service).range_end;
  }
}
