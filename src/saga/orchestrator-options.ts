import type { SagaEvent, SagaState } from '../core/saga-state.js';
import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { newId, type Random } from '../kernel/random.js';
import { isSaga, type SagaData, type SagaDescription } from './saga-node.js';
import type { SagaRecord, SagaStore } from './saga-store.js';

/** How a `SagaOrchestrator` is set up. */
export interface SagaOrchestratorOptions {
  /** Where sagas are kept. */
  readonly store: SagaStore;
  /** The sagas that it knows: it starts and drives these, and touches no others. */
  readonly definitions: readonly SagaData[];
  /** How many sagas it drives at a time. @default 100 */
  readonly concurrency?: number;
  /** How long a claim on a saga lasts unless it is renewed, in ms. @default 30000 */
  readonly leaseMs?: number;
  /** So long before its claim ends it begins nothing more, in ms. @default 5000 */
  readonly marginMs?: number;
  /** How often it looks for sagas that are due, in ms. @default 250 */
  readonly pollMs?: number;
  /** How often it does so when there were none for a while, in ms. @default 2000 */
  readonly maxPollMs?: number;
  /** How often a saga that waits for a lock or another saga looks again, in ms. @default 5000 */
  readonly recheckMs?: number;
  /** How large an input, a payload or an answer may be, in characters of JSON. @default 262144 */
  readonly maxDataLength?: number;
  /** How long `close()` waits for steps that run, in ms. @default 30000 */
  readonly drainMs?: number;
  /** Shown in events and `describe()`. @default 'sagas' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

/** The numbers of an orchestrator, filled in. */
export type SagaRules = Required<Omit<SagaOrchestratorOptions, 'store' | 'definitions' | 'clock' | 'random'>>;

export const orchestratorDefaults: SagaRules = /* @__PURE__ */ Object.freeze({
  concurrency: 100,
  leaseMs: 30_000,
  marginMs: 5_000,
  pollMs: 250,
  maxPollMs: 2_000,
  recheckMs: 5_000,
  maxDataLength: 262_144,
  drainMs: 30_000,
  name: 'sagas',
});

/** Which saga something is about. */
export interface SagaNews {
  /** The id of the saga. */
  readonly sagaId: string;
  /** The name of its definition. */
  readonly definition: string;
  /** What it was started by, if there was a key. */
  readonly key: string | undefined;
  /** Epoch ms, by the clock of this process. */
  readonly at: number;
}

/** What an orchestrator tells. */
export interface SagaOrchestratorEvents {
  /** A saga was started here. */
  started: SagaNews;
  /** Something happened to a saga that is driven here. */
  progressed: SagaNews & { readonly event: SagaEvent };
  /** A saga is driven here whose worker was gone. */
  takenOver: SagaNews & { readonly epoch: number };
  /** All steps are done. */
  completed: SagaNews;
  /** All that it did is undone. */
  compensated: SagaNews & { readonly because: SagaState['because'] };
  /** It stands still until somebody decides about these steps. */
  parked: SagaNews & { readonly steps: readonly string[] };
  /** Somebody else has claimed a saga that was driven here; what its steps answer now is not heard. */
  lost: SagaNews;
  /** The store did not do what it was asked; it is asked again. */
  storeFailed: { readonly doing: string; readonly error: unknown; readonly at: number };
}

/** The names of all its events. */
export const orchestratorEvents: readonly (keyof SagaOrchestratorEvents)[] = [
  'started',
  'progressed',
  'takenOver',
  'completed',
  'compensated',
  'parked',
  'lost',
  'storeFailed',
];

/** Which saga: by its id, or by its definition and its key. */
export type SagaAddress = string | { readonly definition: string; readonly key: string };

/** How a signal is sent. */
export interface SignalOptions {
  /**
   * Two signals of one saga and name with the same are one; 1 to 256 characters.
   * @default every signal is another one
   */
  readonly dedupe?: string;
}

/** How an orchestrator stands at a moment. */
export interface SagaOrchestratorSnapshot {
  /** The name that it was given. */
  readonly name: string;
  /** What it claims sagas as. */
  readonly owner: string;
  /** `idle`: it only starts sagas, for others to drive. */
  readonly status: 'idle' | 'working' | 'closing' | 'closed';
  /** The sagas that it drives now. */
  readonly driving: number;
  /** Those who wait for the end of a saga. */
  readonly waiting: number;
}

/** How an orchestrator was made. */
export type SagaOrchestratorDescription = SagaRules & {
  /** What this is. */
  readonly kind: 'saga-orchestrator';
  /** The sagas that it knows. */
  readonly definitions: readonly SagaDescription[];
};

/** How a saga is started. */
export interface StartOptions {
  /** What makes starting it twice start it once; 1 to 256 characters. @default every start is another saga */
  readonly key?: string;
  /**
   * The id of the saga, 1 to 128 characters without a "/": that is for sagas within sagas, whose ids go on
   * with the name of a step.
   * @default a new UUID
   */
  readonly id?: string;
}

export const startKeys: readonly string[] = ['key', 'id'];
export const runKeys: readonly string[] = ['key', 'id', 'signal'];

/** What a list of sagas is made of. */
export interface ListOptions {
  /** Only those of this definition. @default all */
  readonly definition?: string;
  /** Only those in this status. @default all */
  readonly status?: SagaRecord['status'];
  /** Only those after this id. @default from the first */
  readonly after?: string;
  /** How many at most. @default 100 */
  readonly limit?: number;
}

const known = [
  ...['concurrency', 'leaseMs', 'marginMs', 'pollMs', 'maxPollMs', 'recheckMs', 'maxDataLength', 'drainMs'],
  ...['name', 'store', 'definitions', 'clock', 'random'],
];
const owner = 'SagaOrchestrator';

function checkDefinitions(definitions: unknown): readonly SagaData[] {
  if (!Array.isArray(definitions)) return refuse(owner, 'definitions', 'a list of definitions', definitions);
  const seen = new Set<string>();
  for (const one of definitions) {
    if (!isSaga(one)) refuse(owner, 'definitions', 'a list of definitions', one);
    if (one.nodes.length === 0) throw new TypeError(`${owner}: the saga "${one.name}" has no steps`);
    const tag = `${one.name} ${one.version}`;
    if (seen.has(tag)) {
      throw new TypeError(`${owner}: \`definitions\` has "${one.name}", version ${one.version}, twice`);
    }
    seen.add(tag);
  }
  for (const { nodes, name } of definitions as readonly SagaData[]) {
    for (const node of nodes) {
      if (node.kind !== 'saga') continue;
      const { name: child, version, hash } = node.child;
      if (!seen.has(`${child} ${version}`)) {
        throw new TypeError(`${owner}: \`definitions\` lacks "${child}", which is a step of "${name}"`);
      }
      const same = definitions.some(
        one => one.name === child && one.version === version && one.hash === hash,
      );
      if (same) continue;
      throw new TypeError(
        `${owner}: "${child}", version ${version}, in \`definitions\` is another than the step of "${name}"`,
      );
    }
  }
  return definitions as readonly SagaData[];
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkOrchestrator(options: SagaOrchestratorOptions): {
  readonly rules: SagaRules;
  readonly definitions: readonly SagaData[];
} {
  checkKeys(owner, options, known);
  const { store, definitions, clock: _clock, random: _random, ...rest } = options;
  if (typeof store?.claim !== 'function') refuse(owner, 'store', 'a SagaStore', store);
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const rules = { ...orchestratorDefaults, ...given } as SagaRules;
  const span = { min: 1, max: 2 ** 31 - 1 };
  checkNumber(owner, 'concurrency', rules.concurrency, { min: 1, max: 100_000, integer: true });
  checkNumber(owner, 'leaseMs', rules.leaseMs, span);
  checkNumber(owner, 'marginMs', rules.marginMs, { min: 0, max: rules.leaseMs / 2 });
  checkNumber(owner, 'pollMs', rules.pollMs, span);
  checkNumber(owner, 'maxPollMs', rules.maxPollMs, { ...span, min: rules.pollMs });
  checkNumber(owner, 'recheckMs', rules.recheckMs, span);
  checkNumber(owner, 'maxDataLength', rules.maxDataLength, { min: 1, max: 2 ** 28, integer: true });
  checkNumber(owner, 'drainMs', rules.drainMs, { min: 0, infinity: true });
  return { rules, definitions: checkDefinitions(definitions) };
}

/** A name that no other process has. */
export const newOwner = (name: string): string => `${name}:${newId()}`;
