import type { ThingFacts } from '../protocol.js';

/** Data of which nothing is known yet. */
type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A number of an object; `undefined` for anything else. */
export function number(value: unknown, name: string): number | undefined {
  const found = fields(value)[name];
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

/** A text of an object; empty for anything else. */
export function text(value: unknown, name: string): string {
  const found = fields(value)[name];
  if (typeof found === 'string') return found;
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
}

/** The state of a breaker. */
export const stateOf = (thing: ThingFacts): string =>
  text(thing.detail, 'state') || text(thing.snapshot, 'state') || 'unknown';

/** Kinds that limit how much runs, and those that limit how often. */
export const limitKinds: readonly string[] = [
  'bulkhead',
  'adaptive-limiter',
  'rate-limiter',
  'shared-rate-limiter',
  'adaptive-throttle',
];

export const discoveryKinds: readonly string[] = [
  'registry',
  'service-watcher',
  'balancer',
  'outliers',
  'health',
  'registration',
];

export const messageKinds: readonly string[] = [
  'message-bus',
  'subscription',
  'outbox-relay',
  'outbox',
  'process-manager',
];

/** Those that a limit has refused since it was made. */
export const refusedBy = (thing: ThingFacts): number =>
  number(thing.snapshot, 'rejected') ?? number(thing.snapshot, 'limited') ?? 0;

/** Whether a bulkhead has no slot left, or a limiter no token. */
export function isFull({ kind, snapshot }: ThingFacts): boolean {
  if (kind === 'bulkhead') return (number(snapshot, 'taken') ?? 0) >= (number(snapshot, 'slots') ?? Infinity);
  if (kind === 'adaptive-limiter')
    return (number(snapshot, 'inFlight') ?? 0) >= (number(snapshot, 'limit') ?? Infinity);
  if (kind === 'rate-limiter') return (number(snapshot, 'tokens') ?? 1) < 1;
  return false;
}

/** How many instances a thing of discovery has put aside. */
export function putAside({ kind, snapshot }: ThingFacts): number {
  if (kind === 'outliers') return number(snapshot, 'ejected') ?? 0;
  if (kind === 'health') return number(snapshot, 'unhealthy') ?? 0;
  return 0;
}
