import { isRecord } from '../kernel/options.js';
import type { Labels, MetricHead } from './metric-family.js';
import { shortText } from './plain-copy.js';

/** What a store or a broker has answered: a number for each of its labels. */
export type Answer = readonly (readonly [labels: Labels, value: number])[];

/** How a kind is asked for what is not in this process. */
interface AskedKind {
  readonly head: MetricHead;
  ask(target: object): Promise<Answer>;
}

/** Groups of one bus that are asked for. */
const MOST_GROUPS = 50;
const LONGEST_LABEL = 200;

interface Orchestrator {
  count?(): Promise<unknown>;
}

interface Bus {
  readonly capabilities?: { readonly browseDeadLetters?: unknown };
  snapshot?(): { readonly subscriptions?: unknown };
  deadLetters?(topic: { readonly name: string }, group: string): { count(): Promise<number> };
}

/** Its dead letters cannot be told by a pattern: they lie by their topics. */
const hasWildcard = (pattern: string): boolean => /(^|\.)[*>](\.|$)/.test(pattern);

/** The topics of a bus, each with the group that shares it in this process. */
function groupsOf(bus: Bus): readonly (readonly [topic: string, group: string])[] {
  const { subscriptions } = bus.snapshot?.() ?? {};
  const groups = new Map<string, readonly [string, string]>();
  for (const one of Array.isArray(subscriptions) ? subscriptions : []) {
    const { pattern, group } = isRecord(one) ? one : {};
    if (typeof pattern !== 'string' || typeof group !== 'string' || hasWildcard(pattern)) continue;
    groups.set(`${group} ${pattern}`, [pattern, group]);
  }
  return [...groups.values()].slice(0, MOST_GROUPS);
}

async function askOrchestrator({ count }: Orchestrator, target: object): Promise<Answer> {
  const counts = await count?.call(target);
  return Object.entries(isRecord(counts) ? counts : {}).flatMap(([status, value]) =>
    typeof value === 'number' ? [[{ status: shortText(status, LONGEST_LABEL) }, value] as const] : [],
  );
}

/** One after the other: a broker has more to do than to count. */
async function askBus(bus: Bus): Promise<Answer> {
  const answer: (readonly [Labels, number])[] = [];
  if (bus.capabilities?.browseDeadLetters !== true) return answer;
  for (const [topic, group] of groupsOf(bus)) {
    const count = await bus.deadLetters!({ name: topic }, group).count();
    answer.push([{ topic: shortText(topic, LONGEST_LABEL), group }, count]);
  }
  return answer;
}

/** The kinds of which more is to be known than their snapshots tell. */
export const askedKinds: Readonly<Record<string, AskedKind>> = /* @__PURE__ */ Object.freeze({
  'saga-orchestrator': {
    head: {
      name: 'keelson.saga_orchestrator.sagas',
      type: 'gauge',
      unit: '{saga}',
      help: 'Sagas of the store of each saga-orchestrator that are not over',
    },
    ask: target => askOrchestrator(target, target),
  },
  'message-bus': {
    head: {
      name: 'keelson.message_bus.dead_letters',
      type: 'gauge',
      unit: '{message}',
      help: 'Dead letters of each group that a message-bus of this process is in',
    },
    ask: askBus,
  },
});

export const unansweredHead: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'keelson.unanswered',
  type: 'gauge',
  unit: '{thing}',
  help: '1 for a store or a broker that did not say what it was asked for',
});
