import { type Clock, systemClock } from '../kernel/clock.js';
import type { Emitter, Observable } from '../kernel/events.js';
import { checkKeys, checkNumber, given } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';

/** What comes in chunks: an async iterable, a web stream, a response with a body. */
export type Streamable = Response | ReadableStream<unknown> | AsyncIterable<unknown>;

/** How streams are watched. */
export interface StreamedOptions {
  /**
   * How long the first chunk may take, in ms, from the start of the attempt; what opens the stream is a part
   * of it. `Infinity` for no limit.
   * @default 30_000
   */
  readonly firstChunkMs?: number;
  /** How long a later chunk may take, in ms, from when it is asked for. @default 30_000 */
  readonly idleChunkMs?: number;
  /**
   * How long the reader may leave a chunk, or the stream, without asking for the next one, in ms: after that
   * the stream is taken from it. @default 60_000
   */
  readonly idleReadMs?: number;
  /** Shown in errors, events and `describe()`. @default 'streamed' */
  readonly name?: string;
  /** The source of time. @default that of the policy */
  readonly clock?: Clock;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface StreamedEvents {
  /** A chunk did not come within `timeoutMs`: the first one, or a later one. */
  stalled: {
    readonly policy: string;
    readonly at: number;
    readonly chunk: 'first' | 'later';
    readonly timeoutMs: number;
  };
  /** A stream ended before its end: its reader left it, or did not read for too long. */
  abandoned: { readonly policy: string; readonly at: number; readonly reason: 'left' | 'unread' };
}

/** How a streamed policy stands at a moment. */
export interface StreamedSnapshot {
  /** That of the streamed policy. */
  readonly name: string;
  /** Attempts that have not come to the end of their stream. */
  readonly open: number;
  /** Streams whose next chunk did not come in time. */
  readonly stalled: number;
  /** Streams that were left by their reader, or were not read for too long. */
  readonly abandoned: number;
}

/** How a streamed policy was made; a span of `Infinity` is null, as in JSON. */
export interface StreamedDescription {
  /** Which policy this is. */
  readonly kind: 'streamed';
  /** That of the streamed policy. */
  readonly name: string;
  /** See the options of this name, here and below. */
  readonly firstChunkMs: number | null;
  /** How long a later chunk may take. */
  readonly idleChunkMs: number | null;
  /** How long the reader may take. */
  readonly idleReadMs: number | null;
  /** The description of the policy inside; of a pipeline its list. */
  readonly policy: unknown;
}

/** A policy whose operations answer with streams, and end with them. */
export interface StreamedPolicy<in In = Streamable, out Out = never>
  extends Policy<In, Out>,
    Observable<StreamedEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The policy inside, for who watches all parts of a whole. */
  readonly parts: readonly [unknown];
  /** Whether no stream is open, and the policy inside says nothing against being forgotten. */
  readonly atRest: boolean;
  /** How it stands at this moment. */
  snapshot(): StreamedSnapshot;
  /** How it was made. */
  describe(): StreamedDescription;
}

/** What stands where an option was left out. */
export const streamedDefaults: Required<Omit<StreamedOptions, 'clock'>> = /* @__PURE__ */ Object.freeze({
  firstChunkMs: 30_000,
  idleChunkMs: 30_000,
  idleReadMs: 60_000,
  name: 'streamed',
});

const owner = 'streamed';
const known = ['firstChunkMs', 'idleChunkMs', 'idleReadMs', 'name', 'clock'];

/** The checked options of one policy, and what all of its streams share. */
export interface StreamPlan extends Required<StreamedOptions> {
  events: Emitter<StreamedEvents> | undefined;
  open: number;
  stalled: number;
  abandoned: number;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkStreamed(options: StreamedOptions, policy: unknown): StreamPlan {
  checkKeys(owner, options, known);
  const clock = (policy as { readonly clock?: Clock }).clock ?? systemClock;
  const plan = { ...streamedDefaults, clock, ...given(options) };
  for (const span of ['firstChunkMs', 'idleChunkMs', 'idleReadMs'] as const) {
    checkNumber(owner, span, plan[span], { above: 0, infinity: true });
  }
  return { ...plan, events: undefined, open: 0, stalled: 0, abandoned: 0 };
}
