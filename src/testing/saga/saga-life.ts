import type { Clock, Timer } from '../../kernel/clock.js';
import type { SagaStore } from '../../saga/saga-store.js';

/** How a worker goes: for ever, or only for a while, after which it goes on as if nothing had happened. */
export type Interruption = 'killed' | 'paused';

/**
 * Called at each point at which a life could end; the life goes on when that is through. `again` asks the
 * store once more for what it is about to be asked for, where it is that.
 */
export type OnPoint = (
  life: SagaLife,
  what: string,
  again?: () => Promise<unknown>,
) => Promise<void> | undefined;

/** What the dead wait for. */
const never = (): Promise<never> => new Promise(() => {});

/**
 * One process that works on sagas, which can be killed or paused between any two things that it does: then
 * nothing of it happens any more, or only when it is resumed.
 */
export class SagaLife {
  readonly clock: Clock;
  readonly store: SagaStore;
  /** How many steps it runs forward now. */
  running = 0;
  #fate: 'alive' | Interruption = 'alive';
  #resume: (() => void) | undefined;
  #resumed: Promise<void> = Promise.resolve();
  readonly #timers = new Set<Timer>();
  readonly #onPoint: OnPoint;
  /** Timers that came while it was paused: they fire late, as those of a process that was stopped. */
  #late: (() => void)[] = [];

  /** `onPoint` is asked at each point at which it could go. */
  constructor(clock: Clock, store: SagaStore, onPoint: OnPoint) {
    this.clock = this.#clockOf(clock);
    this.store = this.#storeOf(store);
    this.#onPoint = onPoint;
  }

  get alive(): boolean {
    return this.#fate === 'alive';
  }

  get paused(): boolean {
    return this.#fate === 'paused';
  }

  end(how: Interruption): void {
    this.#fate = how;
    if (how === 'killed') for (const timer of this.#timers) timer.cancel();
    if (how === 'paused') this.#resumed = new Promise(resolve => (this.#resume = resolve));
  }

  resume(): void {
    if (this.#fate !== 'paused') return;
    this.#fate = 'alive';
    this.#resume?.();
    for (const callback of this.#late.splice(0)) callback();
  }

  /** Does one thing that is felt outside, if it comes to that. */
  async pass<T>(what: string, action: () => Promise<T>, again?: () => Promise<unknown>): Promise<T> {
    await this.#gate();
    await this.#onPoint(this, what, again);
    await this.#gate();
    const answer = await action();
    await this.#gate();
    return answer;
  }

  async #gate(): Promise<void> {
    if (this.#fate === 'killed') await never();
    if (this.#fate === 'paused') await this.#resumed;
  }

  #storeOf(store: SagaStore): SagaStore {
    const felt = ['insert', 'write', 'signal', 'cancel', 'lock', 'wake'];
    return new Proxy(store, {
      get: (target, name: keyof SagaStore) => {
        const method = target[name] as ((...args: readonly unknown[]) => Promise<unknown>) | undefined;
        if (method === undefined) return undefined;
        return (...args: readonly unknown[]) => {
          const action = () => method.apply(target, args as unknown[]);
          if (felt.includes(name)) return this.pass(name, action, action);
          return this.#quietly(name, action);
        };
      },
    });
  }

  /** What changes nothing is no point of its own, but a claim that got something is. */
  async #quietly(name: string, action: () => Promise<unknown>): Promise<unknown> {
    await this.#gate();
    const answer = await action();
    if (name === 'claim' && (answer as readonly unknown[]).length > 0) await this.#onPoint(this, 'claimed');
    await this.#gate();
    return answer;
  }

  #clockOf(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      coarse: () => clock.coarse(),
      afterTurn: callback => clock.afterTurn(callback),
      schedule: (delayMs, callback, keepAlive): Timer => {
        let cancelled = false;
        const timer = clock.schedule(
          delayMs,
          () => {
            this.#timers.delete(timer);
            const fire = (): void => {
              if (!cancelled) callback();
            };
            if (this.#fate === 'alive') fire();
            else if (this.#fate === 'paused') this.#late.push(fire);
          },
          keepAlive,
        );
        this.#timers.add(timer);
        return {
          cancel: () => {
            cancelled = true;
            this.#timers.delete(timer);
            timer.cancel();
          },
        };
      },
    };
  }
}
