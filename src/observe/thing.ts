import { checkKeys, refuse } from '../kernel/options.js';
import { eventsOfKind } from './kinds.js';
import type { Branch } from './parts.js';
import { shortText } from './plain-copy.js';
import type { Tap } from './tap.js';
import { kindIn, kindOf, LONGEST_NAME, PIPELINE, saidBy, type Target, told } from './telling.js';

interface Wishes {
  readonly kind?: string;
  readonly name?: string;
  readonly events?: readonly string[];
  readonly maxParts?: number;
}

/** What a thing goes by. */
export interface Naming {
  readonly kind: string;
  readonly name: string;
  readonly events: readonly string[];
}

const knownWishes = ['kind', 'name', 'events', 'maxParts'];
const MOST_EVENTS = 100;

/** A thing that is watched. */
export class Thing {
  readonly taps: Tap[] = [];
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly whole: string | undefined;
  readonly service: string;
  readonly target: Target;
  /** What it is made of; a part has none of its own. */
  branch: Branch | undefined;

  constructor(id: string, service: string, { kind, name }: Naming, target: Target, whole?: string) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.whole = whole;
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

/** @throws TypeError when nothing says what kind it is, or it cannot tell the events that are wished for. */
export function nameThing(owner: string, target: Target, wishes: Wishes): Naming {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    refuse(owner, 'thing', 'an object', target);
  }
  checkKeys(owner, wishes, knownWishes);
  if (wishes.name === '') refuse(owner, 'name', 'a text that is not empty', wishes.name);
  const described = told(target, 'describe');
  const kind = checkKind(owner, described, wishes.kind);
  const snapshot = wishes.name ?? saidBy(target, 'name') ?? told(target, 'snapshot');
  const name =
    typeof snapshot === 'string'
      ? snapshot
      : (saidBy(described, 'name', 'service', 'process') ??
        saidBy(snapshot, 'name', 'service', 'process', 'pattern') ??
        kind);
  return { kind, name: shortText(name, LONGEST_NAME), events: eventsOf(owner, target, kind, wishes.events) };
}

/** Whether `text` stands in `name` at a place, as words of its own. */
function stands(name: string, text: string, at: number): boolean {
  const around = [name[at - 1], name[at + text.length]];
  return at >= 0 && name.startsWith(text, at) && !around.some(sign => sign !== undefined && /\w/.test(sign));
}

/**
 * What a part goes by: its own name under that of the whole. `undefined` where it does not say what it is,
 * and for a pipeline, which is no more than its policies.
 */
export function namePart(whole: string, part: Target, key: string | undefined): Naming | undefined {
  if ([undefined, PIPELINE].includes(kindOf(part))) return undefined;
  const named = nameThing('part', part, {});
  const isKeyed = key === undefined || stands(named.name, key, named.name.length - key.length);
  const own = isKeyed ? named.name : `${named.name} of ${key}`;
  const name = stands(own, whole, 0) ? own : `${whole}/${own}`;
  return { ...named, name: shortText(name, LONGEST_NAME) };
}

function checkKind(owner: string, described: unknown, wish: string | undefined): string {
  if (wish !== undefined && !/^[\w-]{1,100}$/.test(wish)) {
    refuse(owner, 'kind', 'letters, digits and hyphens, at most 100', wish);
  }
  return (
    wish ?? kindIn(described) ?? refuse(owner, 'kind', 'given, for nothing tells it of this thing', undefined)
  );
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
