import { hasWildcard } from '../../core/topic-pattern.js';
import { TopologyError, UnsupportedCapabilityError } from '../../kernel/bus-errors.js';
import { newId } from '../../kernel/random.js';
import type { SubscribeSpec } from '../../messaging/driver.js';
import type { StreamScripts } from './stream-scripts.js';

/** As whom a subscription reads. */
export interface Membership {
  readonly group: string;
  /** The name by which Redis knows the member. */
  readonly consumer: string;
  /** The group is made for this member alone, and ends with it. */
  readonly guest: boolean;
  /** After so many ms without word it ends as well; 0 for never. */
  readonly guestMs: number;
}

const GUEST_MS = 60_000;

/** A new member of the group of `spec`; of one of its own where there is none. */
export function newMember(spec: SubscribeSpec): Membership {
  const consumer = newId();
  const guest = spec.group === undefined;
  return { group: spec.group ?? `guest-${consumer}`, consumer, guest, guestMs: guest ? GUEST_MS : 0 };
}

/** What scripts about a group begin with. */
export function memberArgs(spec: SubscribeSpec, { group, consumer }: Membership): readonly string[] {
  return [spec.pattern, group, spec.order, consumer];
}

/**
 * Makes sure that the group is there, in the way that `topology` allows.
 *
 * @throws TopologyError when it is not, or is otherwise; nothing is changed then.
 */
export async function joinGroup(
  scripts: StreamScripts,
  spec: SubscribeSpec,
  membership: Membership,
): Promise<void> {
  const { pattern, start, topology, order } = spec;
  const wild = hasWildcard(pattern);
  const rest = [start, topology, String(membership.guestMs), wild ? '1' : '0'];
  const answer = await scripts.run('join', [...memberArgs(spec, membership), ...rest]);
  const [word, what] = String(answer).split(' ');
  if (word === 'ok') return;
  const where = `redis: the group ${membership.group} of ${pattern}`;
  if (word === 'missing') throw new TopologyError(`${where} is not there`);
  if (word === 'kind') throw new TopologyError(`redis: the stream of ${pattern} is a ${what}`);
  throw new TopologyError(`${where} keeps the order '${what}', not '${order}'`);
}

/** @throws UnsupportedCapabilityError for what no stream holds. */
export function checkStart({ pattern, start }: SubscribeSpec): void {
  if (start === 'latest' || !hasWildcard(pattern)) return;
  throw new UnsupportedCapabilityError(
    `redis: \`start\` must be 'latest' for the pattern ${pattern}: its stream begins with its first group`,
  );
}
