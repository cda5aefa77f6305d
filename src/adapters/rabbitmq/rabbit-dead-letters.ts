import { createHash } from 'node:crypto';
import { factOf } from '../../kernel/errors.js';
import type { DeadLetterShelf, DeadRecord } from '../../messaging/driver.js';
import type { RabbitChannel, RabbitMessage } from './rabbit-client.js';
import type { RabbitLink } from './rabbit-link.js';
import type { RabbitNames } from './rabbit-names.js';
import { note, noteIn, recordOf } from './rabbit-record.js';

/** So many are taken out at a time. */
const PAGE = 256;
/** So long one waits for another that is looking, in ms, and between two tries. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 50;
/** Another connection has it. */
const LOCKED = 405;
/** So many questions a node that is far from the queue is given to hand over what is there. */
const FAR_WAITS = 50;

/** What a look does with a message: `true` ends it. */
type Visit = (place: string, message: RabbitMessage) => 'next' | 'take' | 'end';

/**
 * The dead letters of each group and topic, in a queue of their own. A queue cannot be looked through: they
 * are taken out and put back. A quorum queue mixes up what is put back, so that each look sees all of them,
 * and their order is that of their places. Who looks holds another queue that only one can have.
 */
export class RabbitDeadLetters implements DeadLetterShelf {
  readonly #link: RabbitLink;
  readonly #names: RabbitNames;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(link: RabbitLink, names: RabbitNames) {
    this.#link = link;
    this.#names = names;
  }

  async list(
    topic: string,
    group: string,
    limit: number,
    after: string | undefined,
  ): Promise<readonly DeadRecord[]> {
    let found: DeadRecord[] = [];
    await this.#look(this.#names.dead(group, topic), (place, message) => {
      if (after !== undefined && place <= after) return 'next';
      found.push(deadRecord(topic, place, message));
      // What cannot be among the first ones is let go of now and then, and not each time.
      if (found.length >= 2 * limit) found = firstOf(found, limit);
      return 'next';
    });
    return firstOf(found, limit);
  }

  /** Those that somebody looks at at this moment are not among them. */
  async count(topic: string, group: string): Promise<number> {
    return (await this.#countOf(this.#names.dead(group, topic))) ?? 0;
  }

  async discard(topic: string, group: string, position: string): Promise<boolean> {
    let found = false;
    await this.#look(this.#names.dead(group, topic), place => {
      if (place !== position) return 'next';
      found = true;
      return 'take';
    });
    return found;
  }

  /** One look at a time in this process: the server tells only connections apart. */
  #look(queue: string, visit: Visit): Promise<void> {
    const looking = this.#turn.then(() => this.#lookNow(queue, visit));
    this.#turn = looking.catch(() => {});
    return looking;
  }

  async #lookNow(queue: string, visit: Visit): Promise<void> {
    if ((await this.#countOf(queue)) === undefined) return;
    const held = this.#names.looking(queue);
    const { clock } = this.#link;
    for (const end = clock.now() + PATIENCE_MS; ; ) {
      try {
        await this.#link.aside(async channel => {
          await channel.assertQueue(held, { exclusive: true, durable: false });
          await walk(channel, queue, visit);
          await channel.deleteQueue(held);
        });
        return;
      } catch (error) {
        if (factOf(error, 'code') !== LOCKED || clock.now() >= end) throw error;
      }
      await new Promise<void>(resolve => void clock.schedule(PAUSE_MS, resolve, true));
    }
  }

  /** How many are in a queue; `undefined` where there is no such queue. */
  async #countOf(queue: string): Promise<number | undefined> {
    let count: number | undefined;
    try {
      await this.#link.aside(async channel => {
        count = (await channel.checkQueue(queue)).messageCount;
      });
    } catch (error) {
      if (factOf(error, 'code') !== 404) throw error;
    }
    return count;
  }
}

/** The oldest `limit` of them. */
function firstOf(found: readonly DeadRecord[], limit: number): DeadRecord[] {
  return found.toSorted((a, b) => (a.position < b.position ? -1 : 1)).slice(0, limit);
}

/** Takes out page by page, until the visit ends or there is no more, and puts back what was not taken. */
async function walk(channel: RabbitChannel, queue: string, visit: Visit): Promise<void> {
  const back: RabbitMessage[] = [];
  // By its tag a message is put back; all the bodies would only take up room until then.
  const content = new Uint8Array(0);
  let answer: ReturnType<Visit> = 'next';
  for (let more = true; more && answer === 'next'; ) {
    const page = await takeOut(channel, queue);
    more = page.length > 0;
    for (const message of page) {
      if (answer === 'next') answer = visit(noteIn(message, note.place) ?? unplaced(message), message);
      if (answer === 'take') {
        channel.ack(message);
        answer = 'end';
        // The rest of the page goes back.
      } else back.push({ ...message, content });
    }
  }
  for (const message of back) channel.nack(message, false, true);
}

/** The next ones that are there; none when there are no more. */
async function takeOut(channel: RabbitChannel, queue: string): Promise<readonly RabbitMessage[]> {
  const page: RabbitMessage[] = [];
  const { messageCount } = await channel.checkQueue(queue);
  await channel.prefetch(PAGE);
  const { consumerTag } = await channel.consume(queue, message => {
    if (message !== null) page.push(message);
  });
  // The server answers in order: after this answer all that was there has come, but from a far node.
  const next = await channel.get(queue);
  if (next !== false) page.push(next);
  for (let waits = 0; page.length < Math.min(messageCount, PAGE) && waits < FAR_WAITS; waits++) {
    await channel.checkQueue(queue);
  }
  await channel.cancel(consumerTag);
  return page;
}

/** Somebody else has put it there; the last ones, and the same as long as they are there. */
function unplaced({ properties, content }: RabbitMessage): string {
  const { messageId } = properties;
  const hash = createHash('sha256').update(content);
  return `~${hash.update(typeof messageId === 'string' ? messageId : '').digest('hex')}`;
}

/** With the queue that it comes back to: it tells the driver where to put a replay. */
function deadRecord(topic: string, place: string, message: RabbitMessage): DeadRecord {
  const record = recordOf(message);
  const queue = noteIn(message, note.queue);
  const headers = queue === undefined ? record.headers : { ...record.headers, [note.queue]: queue };
  return { position: place, record: { ...record, headers, topic } };
}
