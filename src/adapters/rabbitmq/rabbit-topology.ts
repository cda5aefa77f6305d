import { TopologyError } from '../../kernel/bus-errors.js';
import { factOf } from '../../kernel/errors.js';
import type { RabbitChannel, RabbitDeclaration } from './rabbit-client.js';
import type { RabbitLink } from './rabbit-link.js';
import { bindingOf, type RabbitNames } from './rabbit-names.js';
import { AIM, waitHeader, waitOfLevel } from './rabbit-wait.js';

/** What may be done about what is not there. */
export type TopologyMode = 'ensure' | 'check' | 'none';

/** How much is kept at the server. */
export interface RabbitBounds {
  readonly maxLength: number;
  readonly maxDeadLetters: number;
}

/**
 * From 4.0 on a quorum queue drops what was given back more often than 20 times. It is the bus that counts;
 * older servers know no word for "never", and so it is a number that nothing reaches.
 */
const NEVER = 2_000_000_000;

const quorum = { 'x-queue-type': 'quorum', 'x-delivery-limit': NEVER } as const;

/** The queue of a group. */
export function groupQueue({ maxLength }: RabbitBounds, ordered: boolean): RabbitDeclaration {
  const bounds = { 'x-max-length': maxLength, 'x-overflow': 'reject-publish' };
  const order = ordered ? { 'x-single-active-consumer': true } : {};
  return { durable: true, arguments: { ...quorum, ...bounds, ...order } };
}

/** The queue of the dead letters of a group. */
export function deadQueue({ maxDeadLetters }: RabbitBounds): RabbitDeclaration {
  const bounds = { 'x-max-length': maxDeadLetters, 'x-overflow': 'reject-publish' };
  return { durable: true, arguments: { ...quorum, ...bounds } };
}

/** The queue of a subscriber without a group: as it can be replaced by nothing it loses its oldest. */
export function guestQueue({ maxLength }: RabbitBounds): RabbitDeclaration {
  const bounds = { 'x-max-length': maxLength, 'x-overflow': 'drop-head' };
  return { durable: false, exclusive: true, arguments: bounds };
}

/** The queue of a level of waiting: from it to the next level nothing is lost, whatever happens there. */
function waitQueue(level: number, next: string): RabbitDeclaration {
  const end = { 'x-message-ttl': waitOfLevel(level), 'x-dead-letter-exchange': next };
  const safely = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
  return { durable: true, arguments: { ...quorum, ...end, ...safely } };
}

/**
 * Where everything comes that has waited, besides where it goes, and ends at once. The server keeps what it
 * can lead to no queue, tries again after minutes, and moves nothing else when it has 32 such messages.
 */
const overQueue: RabbitDeclaration = { durable: true, arguments: { 'x-message-ttl': 0 } };

/** The server's own words of why a thing is not as it should be; `undefined` where it is another matter. */
export function topologyError(error: unknown, what: string): TopologyError | undefined {
  const code = factOf(error, 'code');
  // Not there, not allowed, held by another connection, declared otherwise.
  if (code !== 404 && code !== 403 && code !== 405 && code !== 406) return undefined;
  const why = error instanceof Error ? error.message : String(error);
  return new TopologyError(`rabbitmq: ${what}: ${why}`, { cause: error });
}

/** Runs `declare` on a channel of its own, and tells what the server says of it as a TopologyError. */
async function aside(
  link: RabbitLink,
  what: string,
  declare: (channel: RabbitChannel) => Promise<void>,
): Promise<void> {
  try {
    await link.aside(declare);
  } catch (error) {
    throw topologyError(error, what) ?? error;
  }
}

/** A queue that nothing is bound to. @throws TopologyError when it is there otherwise. */
export function declareQueue(link: RabbitLink, queue: string, declaration: RabbitDeclaration): Promise<void> {
  return aside(link, `the queue ${queue}`, async channel => {
    await channel.assertQueue(queue, declaration);
  });
}

/** The two exchanges that everything goes through. */
export async function declareExchanges(link: RabbitLink, names: RabbitNames, mode: TopologyMode) {
  if (mode === 'none') return;
  await aside(link, `the exchange ${names.topics}`, async channel => {
    if (mode === 'check') {
      await channel.checkExchange(names.topics);
      return;
    }
    await channel.assertExchange(names.topics, 'topic', { durable: true });
    await channel.assertExchange(names.to, 'direct', { durable: true });
  });
}

/** The exchanges and queues of waiting, from `from` up to `level`. */
export async function declareWaits(
  link: RabbitLink,
  names: RabbitNames,
  mode: TopologyMode,
  from: number,
  level: number,
): Promise<void> {
  if (mode === 'none') return;
  await aside(link, `the exchange ${names.wait(level)}`, async channel => {
    if (mode === 'check') {
      await channel.checkExchange(names.wait(level));
      await channel.checkQueue(names.wait(-1));
      return;
    }
    if (from === 0) await declareEndOfWait(channel, names);
    for (let at = from; at <= level; at++) {
      const [here, next] = [names.wait(at), names.wait(at - 1)];
      await channel.assertExchange(here, 'headers', { durable: true });
      await channel.assertQueue(here, waitQueue(at, next));
      await bindLevel(channel, here, next, at);
    }
  });
}

/** When all is waited for a message goes to its queue, or else to its topic. */
async function declareEndOfWait(channel: RabbitChannel, names: RabbitNames): Promise<void> {
  const over = names.wait(-1);
  await channel.assertExchange(names.topics, 'topic', { durable: true });
  await channel.assertExchange(names.to, 'direct', { durable: true });
  await channel.assertExchange(over, 'headers', { durable: true });
  await channel.bindExchange(names.to, over, '', { 'x-match': 'all', [AIM]: true });
  await channel.bindExchange(names.topics, over, '', { 'x-match': 'all', [AIM]: false });
  await channel.assertQueue(over, overQueue);
  await channel.bindQueue(over, over, '', { 'x-match': 'all' });
}

async function bindLevel(channel: RabbitChannel, here: string, next: string, level: number): Promise<void> {
  const args = (waits: boolean) => ({ 'x-match': 'all', [waitHeader(level)]: waits });
  await channel.bindQueue(here, here, '', args(true));
  await channel.bindExchange(next, here, '', args(false));
}

/**
 * A group's queue, in the way that `mode` allows.
 *
 * @throws TopologyError when it is not there, or is otherwise; nothing is changed then.
 */
export async function declareGroup(
  link: RabbitLink,
  names: RabbitNames,
  mode: TopologyMode,
  queue: string,
  pattern: string,
  declaration: RabbitDeclaration,
): Promise<void> {
  await declareExchanges(link, names, mode);
  if (mode === 'none') return;
  const what = `the queue ${queue}`;
  if (mode === 'check') {
    await aside(link, what, async channel => void (await channel.checkQueue(queue)));
    await aside(link, what, async channel => {
      try {
        // It is there, so that this compares and makes nothing.
        await channel.assertQueue(queue, declaration);
      } catch (error) {
        // Who may not declare cannot compare either.
        if (factOf(error, 'code') !== 403) throw error;
      }
    });
    return;
  }
  await aside(link, what, async channel => {
    await channel.assertQueue(queue, declaration);
    await channel.bindQueue(queue, names.topics, bindingOf(pattern));
    await channel.bindQueue(queue, names.to, queue);
  });
}
