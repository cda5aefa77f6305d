import { Fifo } from '../core/fifo.js';
import { Lanes } from '../core/lanes.js';
import { Roll } from '../core/roll.js';
import { LeaseLostError } from '../kernel/bus-errors.js';
import type { Timer } from '../kernel/clock.js';
import type { Drained } from './consumer-events.js';
import type { DriverSubscription, RawDelivery, Sink } from './driver.js';
import { type ConsumerParts, type Fate, Handling } from './handling.js';
import { HeldDelivery } from './held-delivery.js';
import { Intake } from './intake.js';
import { LeaseUpkeep } from './lease-upkeep.js';
import { RefusalPause } from './refusal-pause.js';

const WHOLE_TOPIC = '';

/**
 * Takes what the broker hands over: so much at a time, each lane in its order, the leases extended for as
 * long as it is held. While the policy refuses to run handlers nothing is begun and no more is asked for.
 */
export class Consumer implements Sink {
  readonly #parts: ConsumerParts;
  readonly #handling: Handling;
  readonly #held = new Roll<HeldDelivery>();
  readonly #lanes = new Lanes<HeldDelivery>();
  readonly #ready = new Fifo<HeldDelivery>();
  /** Those that were begun once and go first. */
  readonly #again = new Fifo<HeldDelivery>();
  readonly #waits = new Map<HeldDelivery, Timer>();
  readonly #intake: Intake;
  #running = 0;
  /** Those whose handlers are done, and of which the broker has not said that it knows. */
  #settling = 0;
  #pumping = false;
  #suspended = false;
  #stopping = false;
  #finished = 0;
  #released = 0;
  #idle: (() => void) | undefined;
  readonly #pause: RefusalPause;
  readonly #upkeep: LeaseUpkeep;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.#handling = new Handling(parts);
    this.#pause = new RefusalPause(parts.clock);
    this.#upkeep = new LeaseUpkeep(parts, this.#held);
    const failed = (error: unknown): void => this.lost(error);
    this.#intake = new Intake(parts.clock, failed, () => this.#ask());
  }

  /** What is held, and how much of it is being handled. */
  get load(): { readonly held: number; readonly running: number; readonly paused: boolean } {
    const paused = this.#suspended || this.#pause.active;
    return { held: this.#held.size, running: this.#running, paused };
  }

  /** Consumes from now on. */
  attach(subscription: DriverSubscription): void {
    this.#intake.attach(subscription);
    this.#ask();
  }

  deliver(raw: RawDelivery): void {
    this.#intake.came();
    const { order } = this.#parts.rules;
    const lane = order === 'topic' ? WHOLE_TOPIC : order === 'key' ? raw.record.key : undefined;
    const held = new HeldDelivery(raw, lane);
    if (this.#stopping) {
      this.#giveBack(held);
      return;
    }
    this.#held.enter(held);
    this.#upkeep.begin();
    if (lane === undefined || this.#lanes.enter(lane, held)) this.#ready.push(held);
    this.#pump();
  }

  ready(): void {
    const { emitter, clock } = this.#parts;
    if (emitter.has('ready')) emitter.emit('ready', { at: clock.wall() });
  }

  lost(error: unknown): void {
    const { emitter, clock } = this.#parts;
    if (emitter.has('lost')) emitter.emit('lost', { at: clock.wall(), error });
  }

  /**
   * Takes in no more, gives back what has not begun, and waits for what has: for `timeoutMs`, then it is
   * ended and given back as well.
   */
  async drain(timeoutMs: number): Promise<Drained> {
    this.#stopping = true;
    this.#finished = 0;
    await this.#intake.end();
    this.#pause.cancel();
    this.#released = 0;
    for (const held of this.#held.all()) {
      if (held.begun) continue;
      this.#waits.get(held)?.cancel();
      this.#giveBack(held);
    }
    if (this.#running + this.#settling > 0) await this.#outlast(timeoutMs);
    this.#upkeep.end();
    return { finished: this.#finished, released: this.#released };
  }

  /** Waits for the handlers, and ends those that take longer. */
  async #outlast(timeoutMs: number): Promise<void> {
    const { clock } = this.#parts;
    const inTime = await new Promise<boolean>(resolve => {
      const timer = clock.schedule(timeoutMs, () => resolve(false), true);
      this.#idle = () => {
        timer.cancel();
        resolve(true);
      };
    });
    if (inTime) return;
    for (const held of this.#held.all()) {
      if (held.settled) continue;
      // First: whoever gets it next may begin at once.
      held.interrupt?.(new LeaseLostError('the subscription is closed'));
      this.#giveBack(held);
    }
  }

  #giveBack(held: HeldDelivery): void {
    this.#held.leave(held);
    if (held.settled) return;
    this.#released++;
    held.giveBack();
  }

  /** Begins no handler until `resume`; what is being handled goes on. */
  suspend(): void {
    this.#suspended = true;
    void this.#intake.pause();
  }

  resume(): void {
    this.#suspended = false;
    this.#ask();
    this.#pump();
  }

  #pump(): void {
    // A handler that ends at once comes back here: the loop below goes on with the next one.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#suspended && !this.#stopping && !this.#pause.active) {
        if (this.#running >= (this.#pause.probing ? 1 : this.#parts.rules.concurrency)) break;
        const held = this.#again.shift() ?? this.#ready.shift();
        if (held === undefined) break;
        this.#upkeep.check(held);
        // What was lost before its turn came is with another one: it is not begun, and makes way.
        if (held.settled) this.#letGo(held);
        else {
          this.#running++;
          this.#work(held);
        }
      }
    } finally {
      this.#pumping = false;
    }
  }

  #work(held: HeldDelivery): void {
    held.begun = true;
    held.tried = true;
    let fate: Fate | Promise<Fate>;
    try {
      fate = this.#handling.handle(held);
    } catch (error) {
      fate = this.#broken(error);
    }
    if (!(fate instanceof Promise)) this.#decide(held, fate);
    else {
      fate.then(
        later => this.#decide(held, later),
        (error: unknown) => this.#decide(held, this.#broken(error)),
      );
    }
  }

  /** A store of the user's failed: the message is not to blame, and comes again. */
  #broken(error: unknown): Fate {
    this.lost(error);
    return { then: 'refused', error, afterMs: undefined };
  }

  #decide(held: HeldDelivery, fate: Fate): void {
    held.interrupt = undefined;
    if (fate.then === 'settling') {
      this.#settle(held, fate.settled, fate.quiet);
      return;
    }
    held.begun = false;
    if (fate.then === 'settled') this.#finished++;
    if (fate.then === 'refused') {
      this.#holdBack(held, fate.error, fate.afterMs);
      this.#leave();
      return;
    }
    this.#goOn();
    if (fate.quiet === undefined) this.#part(held, fate);
    else void fate.quiet.then(() => this.#part(held, fate));
  }

  /** The next handler may begin while the broker is told; what is behind it in its lane waits for that. */
  #settle(held: HeldDelivery, settled: Promise<unknown>, quiet: Promise<void> | undefined): void {
    this.#settling++;
    const done = (): void => {
      this.#settling--;
      held.begun = false;
      this.#finished++;
      this.#letGo(held);
      this.#checkIdle();
      this.#pump();
    };
    void settled.then(() => (quiet === undefined ? done() : quiet.then(done)));
    this.#goOn();
    if (quiet === undefined) this.#leave();
    else void quiet.then(() => this.#leave());
  }

  #checkIdle(): void {
    if (this.#running + this.#settling === 0) this.#idle?.();
  }

  #part(held: HeldDelivery, fate: Exclude<Fate, { then: 'refused' | 'settling' }>): void {
    if (fate.then === 'wait') this.#putOff(held, fate.afterMs);
    else this.#letGo(held);
    this.#leave();
  }

  #leave(): void {
    this.#running--;
    this.#checkIdle();
    this.#pump();
    this.#ask();
  }

  #letGo(held: HeldDelivery): void {
    this.#held.leave(held);
    const next = held.lane === undefined ? undefined : this.#lanes.leave(held.lane);
    if (next !== undefined) this.#ready.push(next);
    this.#ask();
  }

  #putOff(held: HeldDelivery, afterMs: number): void {
    if (this.#stopping) {
      this.#giveBack(held);
      return;
    }
    const timer = this.#parts.clock.schedule(afterMs, () => {
      this.#waits.delete(held);
      this.#again.push(held);
      this.#pump();
    });
    this.#waits.set(held, timer);
  }

  #holdBack(held: HeldDelivery, error: unknown, afterMs: number | undefined): void {
    if (this.#stopping) {
      this.#giveBack(held);
      return;
    }
    this.#again.push(held);
    const forMs = this.#pause.begin(afterMs, () => this.#pump());
    if (forMs === undefined) return;
    void this.#intake.pause();
    const { clock, emitter } = this.#parts;
    if (emitter.has('paused')) emitter.emit('paused', { at: clock.wall(), forMs, error });
  }

  /** A handler ran: the policy lets them. */
  #goOn(): void {
    if (!this.#pause.end()) return;
    const { clock, emitter } = this.#parts;
    if (emitter.has('resumed')) emitter.emit('resumed', { at: clock.wall() });
    this.#ask();
  }

  /** As much as there is room for; nothing while it is paused. */
  #ask(): void {
    if (this.#suspended || this.#stopping || this.#pause.probing) return;
    const { prefetch } = this.#parts.rules;
    const { asked } = this.#intake;
    const room = prefetch - this.#held.size - asked;
    // By the handful: a broker that is asked for one at a time has a round trip for each. Not so where all
    // that is held waits for its time: nothing else would come to its end and make room.
    const busy = this.#running + this.#settling + asked + this.#ready.size + this.#again.size > 0;
    if (room <= 0 || (busy && room < prefetch / 4)) return;
    this.#intake.ask(room);
  }
}
