import { errorText } from '../kernel/error-words.js';
import { checkKeys, isRecord, refuse } from '../kernel/options.js';
import { eventsOfKind } from './kinds.js';
import { plainCopy, shortText, thingBounds } from './plain-copy.js';
import type { EventSource, Tap } from './tap.js';

/** What a thing may say of itself. */
interface Target extends EventSource {
  readonly name?: string;
  describe?(): unknown;
  snapshot?(): unknown;
}

interface Wishes {
  readonly kind?: string;
  readonly name?: string;
  readonly events?: readonly string[];
}

/** What a thing goes by. */
export interface Naming {
  readonly kind: string;
  readonly name: string;
  readonly events: readonly string[];
}

const knownWishes = ['kind', 'name', 'events'];
/** So much of a name is shown. */
const LONGEST_NAME = 200;
const MOST_EVENTS = 100;

/** A thing that is watched. */
export class Thing {
  readonly taps: Tap[] = [];
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly service: string;
  readonly target: Target;

  constructor(id: string, service: string, { kind, name }: Naming, target: Target) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.service = service;
    this.target = target;
  }

  describe(): unknown {
    return told(this.target, 'describe');
  }

  snapshot(): unknown {
    return told(this.target, 'snapshot');
  }
}

function told(target: Target, what: 'describe' | 'snapshot'): unknown {
  try {
    const answer: unknown = target[what]?.();
    return answer === undefined ? { error: `it has no ${what}()` } : plainCopy(answer, thingBounds);
  } catch (error) {
    return { error: errorText(error) };
  }
}

/** The first of some facts that is a name, of all places where things of this package say theirs. */
function saidBy(facts: unknown, ...fields: readonly string[]): string | undefined {
  if (!isRecord(facts)) return undefined;
  for (const field of fields) {
    const value = facts[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** `service proxy` is `service-proxy` in an id and in the name of a channel. */
const asKind = (said: string | undefined): string | undefined =>
  said === undefined ? undefined : shortText(said.replace(/[^\w-]+/g, '-'), LONGEST_NAME);

/** @throws TypeError when nothing says what kind it is, or it cannot tell the events that are wished for. */
export function nameThing(owner: string, target: Target, wishes: Wishes): Naming {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    refuse(owner, 'thing', 'an object', target);
  }
  checkKeys(owner, wishes, knownWishes);
  if (wishes.name === '') refuse(owner, 'name', 'a text that is not empty', wishes.name);
  const described = told(target, 'describe');
  const kind = kindOf(owner, described, wishes.kind);
  const snapshot = wishes.name ?? saidBy(target, 'name') ?? told(target, 'snapshot');
  const name =
    typeof snapshot === 'string'
      ? snapshot
      : (saidBy(described, 'name', 'service', 'process') ??
        saidBy(snapshot, 'name', 'service', 'process', 'pattern') ??
        kind);
  return { kind, name: shortText(name, LONGEST_NAME), events: eventsOf(owner, target, kind, wishes.events) };
}

function kindOf(owner: string, described: unknown, wish: string | undefined): string {
  if (wish !== undefined && !/^[\w-]{1,100}$/.test(wish)) {
    refuse(owner, 'kind', 'letters, digits and hyphens, at most 100', wish);
  }
  const kind = wish ?? asKind(saidBy(described, 'kind'));
  return kind ?? refuse(owner, 'kind', 'given, for nothing tells it of this thing', undefined);
}

function eventsOf(
  owner: string,
  target: Target,
  kind: string,
  wish: readonly string[] | undefined,
): readonly string[] {
  const tells = typeof target.on === 'function';
  if (wish === undefined) return tells ? eventsOfKind(kind) : [];
  if (!tells) refuse(owner, 'events', 'left out, for the thing has no `on`', wish);
  const fits = Array.isArray(wish) && wish.length <= MOST_EVENTS;
  if (!fits) refuse(owner, 'events', `a list of at most ${MOST_EVENTS} names`, wish);
  for (const event of wish) {
    if (typeof event !== 'string' || !/^[\w-]{1,100}$/.test(event)) {
      refuse(owner, 'events', 'names of letters, digits and hyphens', event);
    }
  }
  return [...new Set(wish)];
}
