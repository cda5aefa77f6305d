import type { Timer } from '../kernel/clock.js';
import { Emitter, type Listener } from '../kernel/events.js';
import { checkKeys, checkNumber } from '../kernel/options.js';
import { answerInTime } from './answer-in-time.js';
import { IncarnationWaiters } from './incarnation-waiters.js';
import { checkInstance } from './instance-rules.js';
import type { RegistrationParts, RegistrationRules } from './registration-rules.js';
import { RegistryClosedError, RegistryFullError, SupersededError, unavailable } from './registry-errors.js';
import type { RegisterAnswer } from './registry-store.js';
import type { ServiceInstance } from './service-instance.js';
import type {
  InstanceChanges,
  Registration,
  RegistrationEvents,
  RegistrationState,
} from './service-registry.js';

/** Whoever begins may take the id over so often: two that both begin do not go on for ever. */
const MOST_TAKEOVERS = 10;
const FIRST_RETRY_MS = 100;
/** So long closing asks a store that does not answer. */
const CLOSE_MS = 5_000;

/** Keeps one instance registered: one call to the store at a time, the next one when its time has come. */
export class HeldRegistration implements Registration {
  readonly ready: Promise<void>;
  readonly #parts: RegistrationParts;
  readonly #rules: RegistrationRules;
  readonly #emitter = new Emitter<RegistrationEvents>(['registered', 'failed', 'lost', 'superseded']);
  readonly #waiters = new IncarnationWaiters();
  #instance: ServiceInstance;
  #incarnation: number;
  #state: RegistrationState = 'registering';
  /** The incarnation that the store has; `undefined` when it has to be told. */
  #known: number | undefined;
  /** Whether the store ever had it. */
  #wasThere = false;
  #takeovers = 0;
  #failures = 0;
  #error: unknown;
  #beat: Timer | undefined;
  /** Until when the store believes that it is there. */
  #end: Timer | undefined;
  #running = false;
  #again = false;
  #leaving = false;
  #closing: Promise<void> | undefined;

  constructor(parts: RegistrationParts, instance: ServiceInstance, rules: RegistrationRules) {
    this.#parts = parts;
    this.#rules = rules;
    this.#instance = instance;
    this.#incarnation = rules.incarnation ?? Math.floor(parts.clock.wall());
    this.ready = this.#waiters.wait(this.#incarnation);
    // Whoever does not look at it must not be ended by it.
    this.ready.catch(() => {});
    this.#poke();
  }

  get instance(): ServiceInstance {
    return this.#instance;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  on<Name extends keyof RegistrationEvents>(
    event: Name,
    listener: Listener<RegistrationEvents[Name]>,
  ): () => void {
    return this.#emitter.on(event, listener);
  }

  // Not async: what is wrong with the changes is a mistake of the caller, and known at once.
  update(changes: InstanceChanges): Promise<void> {
    const { service, id } = this.#instance;
    const next = { ...this.#instance, ...changes, service, id };
    const instance = checkInstance(next, this.#parts.maxMetadataBytes);
    if (this.#state === 'superseded') return Promise.reject(this.#superseded());
    if (this.#closing !== undefined) return Promise.reject(new RegistryClosedError(this.#parts.registry));
    this.#put(instance);
    return this.#waiters.wait(this.#incarnation);
  }

  drain(): Promise<void> {
    return this.update({ status: 'draining' });
  }

  close(options: { readonly drainMs?: number } = {}): Promise<void> {
    checkKeys('close', options, ['drainMs']);
    const { drainMs = this.#rules.drainMs } = options;
    checkNumber('close', 'drainMs', drainMs, { min: 0 });
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Each change is a life of its own, so that those who hear of two of them know which is the later. */
  #put(instance: ServiceInstance): void {
    this.#instance = instance;
    this.#incarnation++;
    this.#poke();
  }

  #poke(): void {
    this.#beat?.cancel();
    this.#again = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again && !this.#leaving && this.#state !== 'superseded') {
      this.#again = false;
      try {
        await this.#say();
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#running = false;
    if (this.#leaving || this.#state === 'superseded') return;
    this.#beat = this.#parts.clock.schedule(this.#waitMs(), () => this.#poke());
  }

  /** Until the next word: soon after a failure, otherwise when it is due, and never later. */
  #waitMs(): number {
    const { heartbeatMs, jitterRatio } = this.#rules;
    const chance = this.#parts.random();
    if (this.#failures === 0) return heartbeatMs * (1 - jitterRatio * chance);
    return Math.min(heartbeatMs, FIRST_RETRY_MS * 2 ** (this.#failures - 1)) * (0.5 + chance / 2);
  }

  async #say(): Promise<void> {
    const { store, clock } = this.#parts;
    const { service, id } = this.#instance;
    const { ttlMs } = this.#rules;
    const sentAt = clock.now();
    const incarnation = this.#incarnation;
    if (this.#known === incarnation) {
      const answer = await this.#ask('renew', () => store.renew({ service, id }, incarnation, ttlMs));
      if (this.#leaving) return;
      if (answer === 'renewed') this.#confirm(sentAt, incarnation);
      if (answer === 'stale') this.#supersede(incarnation);
      if (answer !== 'unknown') return;
      this.#known = undefined;
    }
    const instance = this.#instance;
    const registeredAt = clock.now();
    const answer = await this.#ask('register', () => store.register(instance, incarnation, ttlMs));
    if (!this.#leaving) this.#heed(answer, registeredAt, incarnation);
  }

  #heed(answer: RegisterAnswer, sentAt: number, incarnation: number): void {
    if (answer.kind === 'registered') this.#confirm(sentAt, incarnation);
    else if (answer.kind === 'full') {
      const full = new RegistryFullError(this.#parts.registry, answer.option, answer.limit);
      this.#waiters.reject(full);
      throw full;
    } else if (this.#mayTakeOver()) {
      // Whoever begins is the latest, whatever the clocks of the two say.
      const next = Math.max(this.#incarnation, answer.incarnation) + 1;
      this.#takeovers++;
      this.#waiters.shift(next - this.#incarnation);
      this.#incarnation = next;
      this.#again = true;
    } else this.#supersede(answer.incarnation);
  }

  #mayTakeOver(): boolean {
    return !this.#wasThere && this.#rules.incarnation === undefined && this.#takeovers < MOST_TAKEOVERS;
  }

  /** The store has it, for as long as the lease is, from when it was asked. */
  #confirm(sentAt: number, incarnation: number): void {
    const { clock } = this.#parts;
    const isNews = this.#known !== incarnation || this.#state === 'lost';
    const again = this.#wasThere && (this.#known === undefined || this.#state === 'lost');
    this.#failures = 0;
    this.#error = undefined;
    this.#known = incarnation;
    this.#wasThere = true;
    this.#end?.cancel();
    const leftMs = this.#rules.ttlMs - (clock.now() - sentAt);
    this.#end = clock.schedule(leftMs, () => this.#lose());
    if (this.#state !== 'closing') this.#state = 'registered';
    this.#waiters.resolve(incarnation);
    if (isNews) this.#emitter.emit('registered', { incarnation, again, at: clock.wall() });
    if (incarnation !== this.#incarnation) this.#again = true;
  }

  #lose(): void {
    if (this.#state !== 'registered') return;
    this.#state = 'lost';
    this.#emitter.emit('lost', { error: this.#error, at: this.#parts.clock.wall() });
  }

  #superseded(): SupersededError {
    const { service, id } = this.#instance;
    return new SupersededError(this.#parts.registry, service, id);
  }

  #supersede(incarnation: number): void {
    this.#state = 'superseded';
    this.#end?.cancel();
    this.#waiters.reject(this.#superseded());
    this.#emitter.emit('superseded', { incarnation, at: this.#parts.clock.wall() });
  }

  #fail(error: unknown): void {
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#error = error;
    this.#emitter.emit('failed', { error, at: this.#parts.clock.wall() });
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    const { clock, registry } = this.#parts;
    try {
      return await answerInTime(clock, this.#rules.answerMs, `${registry}: ${what}`, call);
    } catch (error) {
      throw unavailable(registry, what, error);
    }
  }

  async #close(drainMs: number): Promise<void> {
    const mayBeThere = this.#state !== 'superseded';
    const drains = this.#state === 'registered' && drainMs > 0;
    if (mayBeThere) this.#state = 'closing';
    if (drains) {
      this.#put({ ...this.#instance, status: 'draining' });
      await this.#sleep(drainMs);
    }
    this.#leaving = true;
    this.#beat?.cancel();
    this.#end?.cancel();
    // Another one may have come under its id while it drained.
    if ((this.#state as RegistrationState) === 'closing') await this.#leave();
    this.#state = 'closed';
    this.#waiters.reject(new RegistryClosedError(this.#parts.registry));
    this.#parts.onClosed(this);
  }

  /** Tells the store, again and again for a while. What it was told before and does late has no say then. */
  async #leave(): Promise<void> {
    const { store, clock, random } = this.#parts;
    const { service, id } = this.#instance;
    const incarnation = this.#incarnation;
    const end = clock.now() + CLOSE_MS;
    for (let tries = 0; clock.now() < end; tries++) {
      try {
        await this.#ask('deregister', () => store.deregister({ service, id }, incarnation));
        return;
      } catch (error) {
        this.#fail(error);
        await this.#sleep(Math.min(1_000, FIRST_RETRY_MS * 2 ** tries) * (0.5 + random() / 2));
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => void this.#parts.clock.schedule(ms, resolve, true));
  }
}
