import type {
  EventReader,
  ProjectionContext,
  ProjectionDefinition,
  ProjectionHandler,
} from '../events/projection-options.js';
import { alike } from './alike.js';
import { shown } from './shown.js';

/** An event in a test: as handlers get it, or as it was written in a `version` that a registry reads. */
export type GivenEvent<Events extends object = Record<string, unknown>> = {
  [Name in keyof Events & string]:
    | { readonly type: Name; readonly data: Events[Name]; readonly version?: undefined }
    | { readonly type: Name; readonly data: unknown; readonly version: number };
}[keyof Events & string];

/** Hears of events one by one; its answer to the last one is what a test looks at. */
export type GivenHandler<Result> = (
  event: GivenEvent,
  context: ProjectionContext,
) => Result | Promise<Result>;

/** What came of a test is not what was expected. */
export class GivenError extends Error {
  override get name(): string {
    return 'GivenError';
  }
}

interface Step {
  readonly event: GivenEvent;
  readonly replaying: boolean;
}

/** Makes what comes of one event after the other, from the beginning. */
type Play<Result> = () => {
  readonly first: Result;
  readonly next: (event: GivenEvent, context: ProjectionContext) => Result | Promise<Result>;
};

/** A test in sentences, as {@link given} begins it. */
export class Given<Events extends object, Result> {
  readonly #play: Play<Result>;
  readonly #steps: readonly Step[];

  /** @internal */
  constructor(play: Play<Result>, steps: readonly Step[]) {
    this.#play = play;
    this.#steps = steps;
  }

  /** What happened before: told with `context.replaying`, so that nothing is felt outside. */
  events(...events: readonly GivenEvent<Events>[]): Given<Events, Result> {
    return this.#and(events, true);
  }

  /** What happens now. */
  when(...events: readonly GivenEvent<Events>[]): Given<Events, Result> {
    return this.#and(events, false);
  }

  /**
   * What comes of it: the state of a projection, or what a handler answered to the last event. A function is
   * called with it. Rejects with a {@link GivenError} where it is something else, and with what
   * was thrown.
   */
  async then(
    expected: Result | ((result: Result) => unknown),
    onError?: (error: unknown) => unknown,
  ): Promise<void> {
    // `onError` comes from an `await` of the sentence: it has to settle then, as a promise does.
    try {
      const result = await this.#run();
      if (typeof expected === 'function') await (expected as (result: Result) => unknown)(result);
      else if (!alike(result, expected)) {
        throw new GivenError(`then: expected ${shown(expected)}, got ${shown(result)}`);
      }
    } catch (error) {
      if (onError === undefined) throw error;
      await onError(error);
    }
  }

  /**
   * It fails: with an error of that `code` or name, or one whose message matches. Any, where nothing is said.
   */
  async thenThrows(expected?: string | RegExp): Promise<void> {
    let result: Result;
    try {
      result = await this.#run();
    } catch (error) {
      if (isMeant(error, expected)) return;
      const message = `thenThrows: expected ${shown(expected)}, got ${shown(error)}`;
      throw new GivenError(message, { cause: error });
    }
    throw new GivenError(`thenThrows: nothing failed, and the result is ${shown(result)}`);
  }

  #and(events: readonly GivenEvent<Events>[], replaying: boolean): Given<Events, Result> {
    const steps = events.map(event => ({ event: event as GivenEvent, replaying }));
    return new Given(this.#play, [...this.#steps, ...steps]);
  }

  async #run(): Promise<Result> {
    const { first, next } = this.#play();
    const { signal } = new AbortController();
    let result = first;
    for (const [at, { event, replaying }] of this.#steps.entries()) {
      const { type } = event;
      const facts = { position: at + 1, type, replaying, late: false, attempt: 1, transaction: undefined };
      result = await next(event, { ...facts, signal });
    }
    return result;
  }
}

/**
 * Begins a test of a projection or of a handler: given these events, when those come, then this is so. The
 * state of a projection is frozen between events: a handler that changes it in place fails.
 *
 * @example
 * ```ts
 * import { given } from 'keelson/testing';
 *
 * const stock = {
 *   init: () => ({ apples: 0 }),
 *   on: { 'apples.picked': (state: { apples: number }, n: number) => ({ apples: state.apples + n }) },
 * };
 * await given(stock)
 *   .events({ type: 'apples.picked', data: 3 })
 *   .when({ type: 'apples.picked', data: 4 })
 *   .then({ apples: 7 });
 * ```
 */
export function given<Events extends object, State>(
  projection: ProjectionDefinition<Events, State>,
): Given<Events, State>;
export function given<Result>(
  handler: GivenHandler<Result>,
): Given<Record<string, unknown>, Result | undefined>;
export function given(subject: unknown): unknown {
  if (typeof subject === 'function') {
    const handler = subject as GivenHandler<unknown>;
    return new Given(
      () => ({ first: undefined, next: async (event, context) => handler(event, context) }),
      [],
    );
  }
  const projection = subject as ProjectionDefinition<object, unknown> | null | undefined;
  if (typeof projection?.init !== 'function' || typeof projection.on !== 'object') {
    throw new TypeError('given: a projection with `init` and `on`, or a function, is needed');
  }
  return new Given(() => playOf(projection), []);
}

function playOf({ init, on, registry }: ProjectionDefinition<object, unknown>): ReturnType<Play<unknown>> {
  const handlers = new Map(Object.entries(on as Record<string, ProjectionHandler<unknown, unknown>>));
  let state = freeze(init());
  return {
    first: state,
    next: async ({ type, data, version }, context) => {
      const handler = handlers.get(type);
      if (handler === undefined) return state;
      const read = version === undefined ? data : (await readerOf(registry).decode(type, version, data)).data;
      state = freeze(await handler(state, read, context));
      return state;
    },
  };
}

function readerOf(registry: EventReader<object> | undefined): EventReader<object> {
  if (registry === undefined) throw new TypeError('given: a projection without a registry reads no versions');
  return registry;
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // Typed arrays cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}

function isMeant(error: unknown, expected: string | RegExp | undefined): boolean {
  if (expected === undefined) return true;
  const { code, name, message } = Object(error) as Partial<Record<string, unknown>>;
  if (typeof expected === 'string') return expected === code || expected === name;
  return expected.test(String(message));
}
