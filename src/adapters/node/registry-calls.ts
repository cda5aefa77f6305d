import { checkInstance, checkService } from '../../discovery/instance-rules.js';
import type { InstanceKey, RegistryStore, StorePosition } from '../../discovery/registry-store.js';
import type { NewInstance } from '../../discovery/service-instance.js';
import { isRecord } from '../../kernel/options.js';

/** What was asked makes no sense. */
export class BadRequestError extends Error {}

type Body = Readonly<Record<string, unknown>>;
type Call = (store: RegistryStore, body: Body, maxMetadataBytes: number) => Promise<unknown>;

function count(body: Body, field: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = body[field];
  if (typeof value !== 'number' || !(value >= 0 && value <= most)) {
    throw new BadRequestError(`\`${field}\` must be a number from 0 to ${most}`);
  }
  return value;
}

function incarnationOf(body: Body): number {
  const incarnation = count(body, 'incarnation');
  if (!Number.isInteger(incarnation)) throw new BadRequestError('`incarnation` must be an integer');
  return incarnation;
}

const ttlOf = (body: Body): number => count(body, 'ttlMs', 2 ** 40);

function keyOf(body: Body): InstanceKey {
  const { id } = body;
  if (typeof id !== 'string' || id.length > 200) throw new BadRequestError('`id` must be a name');
  return { service: checkService(body['service']), id };
}

function sinceOf({ since }: Body): StorePosition | undefined {
  if (since === undefined) return undefined;
  const { epoch, revision } = (isRecord(since) ? since : {}) as Partial<StorePosition>;
  if (typeof epoch === 'string' && typeof revision === 'number') return { epoch, revision };
  throw new BadRequestError('`since` must be a position');
}

/** What a client may ask for by name: a step of a store each. */
export const registryCalls: Readonly<
  Record<'register' | 'renew' | 'deregister' | 'read' | 'services', Call>
> = {
  register: (store, body, maxMetadataBytes) => {
    const instance = checkInstance(body['instance'] as NewInstance, maxMetadataBytes);
    return store.register(instance, incarnationOf(body), ttlOf(body));
  },
  renew: async (store, body) => ({ kind: await store.renew(keyOf(body), incarnationOf(body), ttlOf(body)) }),
  deregister: async (store, body) => {
    const incarnation = body['incarnation'] === undefined ? undefined : incarnationOf(body);
    return { kind: await store.deregister(keyOf(body), incarnation) };
  },
  read: (store, body) => store.read(checkService(body['service']), sinceOf(body)),
  services: async store => ({ services: await store.services() }),
};
