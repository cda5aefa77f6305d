import type { ProcessOutboxFault } from '../core/process-outbox-line.js';
import {
  isDeadly,
  type PublishFault,
  type PublishRecord,
  type PublishRules,
  waitAfterFault,
  waitBefore,
} from '../core/publish-tries.js';
import type { Clock } from '../kernel/clock.js';
import { errorText } from '../kernel/error-words.js';
import type { ProcessBus } from './process-bus.js';
import type { ProcessTopic, ProcessTopics } from './process-definition.js';
import type { ProcessEvents } from './process-events.js';
import { publishTrouble } from './process-fault.js';
import type { OutboxBody } from './process-step.js';
import type { OutboxRun, ProcessOutbox } from './process-store.js';

/** What is told of a command. */
type Facts<Name extends 'publishFailed' | 'parked'> = Omit<ProcessEvents[Name], 'process' | 'key' | 'at'>;

/** What a relay tells of. */
export interface RelayNews {
  /** One command is at the broker. */
  readonly onPublished: () => void;
  readonly onFailed: (key: string, failed: Facts<'publishFailed'>) => void;
  readonly onParked: (key: string, parked: Facts<'parked'>) => void;
  /** The store could not be told what became of something, after its round was over. */
  readonly onInterrupted: (error: unknown) => void;
}

/** What a relay is made of. */
export interface RelayParts extends RelayNews {
  readonly process: string;
  readonly topics: ProcessTopics;
  readonly bus: Pick<ProcessBus<never>, 'publish'>;
  readonly outbox: ProcessOutbox;
  readonly clock: Clock;
  readonly batch: number;
  readonly leaseMs: number;
  readonly rules: PublishRules;
}

/** Nothing is begun in the last part of a lease: others may have it before the broker does. */
const SAFE_PART = 0.8;
/** So long a round waits for those that are slow, in ms: the others do not have to. */
const PATIENCE_MS = 1_000;

/** What became of the first that was not published. */
interface Failed {
  readonly error: unknown;
  readonly fault: PublishFault;
}

/**
 * Publishes what processes send: for each of them one after the other, and at least once. A crash between the
 * broker and the store publishes a part again, under the same ids.
 */
export class ProcessRelay {
  readonly #parts: RelayParts;
  readonly #underWay = new Set<Promise<unknown>>();
  /** When a publish went through last. */
  #throughAt = -Infinity;

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** Publishes what there is, once; whether there may be more. */
  async round(): Promise<boolean> {
    const { process, outbox, clock, batch, leaseMs } = this.#parts;
    if (this.#underWay.size >= batch) await Promise.race(this.#underWay);
    const began = clock.now();
    const runs = await outbox.claim(process, batch - this.#underWay.size, leaseMs);
    let went = runs.some(({ alone }) => alone);
    let over = false;
    const all = runs.map(run =>
      this.#publish(run, began).then(
        well => {
          went ||= well;
        },
        (error: unknown) => {
          if (!over) throw error;
          this.#parts.onInterrupted(error);
        },
      ),
    );
    for (const one of all) this.#follow(one);
    await this.#patiently(Promise.all(all));
    over = true;
    return went;
  }

  /** Resolves when nothing is being published. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #follow(one: Promise<unknown>): void {
    const end: Promise<unknown> = one.then(
      () => this.#underWay.delete(end),
      () => this.#underWay.delete(end),
    );
    this.#underWay.add(end);
  }

  /** Until all is done, or for as long as the others can be asked to wait. */
  async #patiently(all: Promise<unknown>): Promise<void> {
    const { clock } = this.#parts;
    await new Promise<unknown>((resolve, reject) => {
      const timer = clock.schedule(PATIENCE_MS, () => resolve(undefined));
      all.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  /** Whether something of it went. */
  async #publish(run: OutboxRun, claimedAt: number): Promise<boolean> {
    const { process, outbox, clock, leaseMs, rules } = this.#parts;
    if (isDeadly(rules, run.crashes)) return this.#bury(run);
    const until = claimedAt + leaseMs * SAFE_PART;
    let published = 0;
    for (const { id, body } of run.entries) {
      if (clock.now() >= until) break;
      const failed = await this.#one(id, body, claimedAt - waitBefore(rules, run.attempts));
      if (failed !== undefined) {
        await this.#fail(run, published, failed);
        return published > 0;
      }
      published++;
      this.#throughAt = clock.now();
      this.#parts.onPublished();
    }
    await outbox.settle(process, run, { published, retryMs: 0 });
    return published > 0;
  }

  /** Nobody tries what has ended so many programs. */
  async #bury(run: OutboxRun): Promise<boolean> {
    const { process, outbox } = this.#parts;
    const { crashes, tries } = run;
    const error = new Error(`${crashes} programs that were to publish it were not heard of again`);
    const fault = { error: errorText(error), counts: false, parks: true };
    if (await outbox.settle(process, run, { published: 0, retryMs: 0, fault })) {
      const { id } = run.entries[0]!;
      this.#parts.onParked(run.key, { id, why: 'deadly', tries, crashes, error });
    }
    return false;
  }

  async #fail(run: OutboxRun, published: number, { error, fault }: Failed): Promise<void> {
    const { process, outbox, rules, onFailed, onParked } = this.#parts;
    const { id } = run.entries[published]!;
    // What comes after the first was not tried before.
    const record: PublishRecord = published === 0 ? run : { attempts: 1, tries: 0 };
    const retryMs = waitAfterFault(rules, record, fault);
    const counts = fault === 'refused';
    const tries = record.tries + (counts ? 1 : 0);
    const said: ProcessOutboxFault = { error: errorText(error), counts, parks: retryMs === undefined };
    if (retryMs !== undefined) onFailed(run.key, { id, tries, retryMs, error });
    const held = await outbox.settle(process, run, { published, retryMs: retryMs ?? 0, fault: said });
    if (retryMs === undefined && held) {
      const why = fault === 'hopeless' ? 'hopeless' : 'refused';
      onParked(run.key, { id, why, tries, crashes: published === 0 ? run.crashes : 0, error });
    }
  }

  /** What it failed with, if it did. `since`: it has waited from then on. */
  async #one(id: string, text: string, since: number): Promise<Failed | undefined> {
    const { topics, bus, process } = this.#parts;
    let body: OutboxBody;
    try {
      body = JSON.parse(text) as OutboxBody;
    } catch (error) {
      return { error, fault: 'hopeless' };
    }
    try {
      const { to, version, data, key, headers, correlationId, cause } = body;
      const topic = Object.hasOwn(topics, to) ? (topics[to] as ProcessTopic<unknown>) : undefined;
      if (topic === undefined) throw new TypeError(`${process}: this program has no topic for "${to}"`);
      await bus.publish(ofVersion(topic, version), data, {
        id,
        key,
        headers,
        correlationId,
        causedBy: cause,
      });
      return undefined;
    } catch (error) {
      return { error, fault: this.#faultOf(error, since) };
    }
  }

  /** What has no answer while others get theirs is refused: one at which the broker hangs up, perhaps. */
  #faultOf(error: unknown, since: number): PublishFault {
    const trouble = publishTrouble(error);
    if (trouble !== 'unanswered') return trouble;
    return this.#throughAt >= since ? 'refused' : 'away';
  }
}

/**
 * A topic as it was when the command was decided: that is what its data was checked for. Another version of
 * the program may publish it, and whoever receives it leads it up.
 */
function ofVersion(topic: ProcessTopic<unknown>, version = topic.version): ProcessTopic<unknown> {
  if (version === topic.version) return topic;
  return {
    name: topic.name,
    version,
    oldest: version,
    check: () => {},
    keyOf: () => undefined,
    read: data => data,
    describe: () => ({ topic: topic.name, version, oldest: version }),
  };
}
