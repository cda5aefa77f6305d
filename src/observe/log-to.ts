import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import type { Observatory } from './observatory.js';
import type { ObservedEvent } from './watching.js';

/** How loud an event is; `silent` for not at all. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What is written to: a logger of pino, or one like it. */
export interface EventLogger {
  /** Writes what happens with each call. */
  debug(fields: object, message: string): void;
  /** Writes all else. */
  info(fields: object, message: string): void;
  /** Writes what somebody may have to do something about. */
  warn(fields: object, message: string): void;
  /** Writes what `levels` says is an error. */
  error(fields: object, message: string): void;
}

/** How events are logged. */
export interface LogOptions {
  /** By `kind:event`, or by the name of the event alone. @default see the page */
  readonly levels?: Readonly<Record<string, LogLevel>>;
  /** Lines in a second; what is beyond is counted, and told in one line after it. @default 100 */
  readonly maxPerSecond?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

const owner = 'logTo';
const MOST_PER_SECOND = 100;
const SECOND = 1000;
const all = /* @__PURE__ */ Object.freeze(['debug', 'info', 'warn', 'error', 'silent'] as const);

/** What somebody may have to do something about. */
const warned: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['opened', 'isolated', 'failed', 'gaveUp', 'exhausted', 'parked', 'lost', 'ejected', 'panicked'],
  ...['deadLettered', 'discarded', 'publishFailed', 'storeFailed', 'upstreamFailed', 'authenticatorFailed'],
  ...['interrupted', 'compensated', 'unsettled', 'timeoutFailed', 'refused', 'superseded', 'overflowed'],
  ...['discardFailed', 'evictFailed', 'revalidationFailed', 'askFailed', 'suspected', 'nested', 'paused'],
]);
/** What happens with each call. */
const whispered: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['queued', 'admitted', 'delayed', 'abandoned', 'rejected', 'limited', 'throttled', 'wouldReject'],
  ...['wouldWait', 'wouldGiveUp', 'hit', 'missed', 'revalidated', 'evicted', 'joined', 'hedged', 'won'],
  ...['notHedged', 'retried', 'recovered', 'answered', 'made', 'published', 'handled', 'checked', 'injected'],
  ...['progressed', 'mirrored', 'duplicate', 'partial', 'timedOut', 'limitChanged'],
]);

function levelOf({ kind, event }: ObservedEvent, levels: ReadonlyMap<string, LogLevel>): LogLevel {
  const said = levels.get(`${kind}:${event}`) ?? levels.get(event);
  return said ?? (warned.has(event) ? 'warn' : whispered.has(event) ? 'debug' : 'info');
}

function checkLevels(levels: unknown): ReadonlyMap<string, LogLevel> {
  if (typeof levels !== 'object' || levels === null) refuse(owner, 'levels', 'an object', levels);
  const entries = Object.entries(levels as object);
  return new Map(entries.map(([event, level]) => [event, checkOneOf(owner, `levels.${event}`, level, all)]));
}

/** Writes at most so many lines in a second, and then how many were left out. */
class Quota {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #tell: (left: number) => void;
  #used = 0;
  #left = 0;
  #running = false;

  constructor(clock: Clock, most: number, tell: (left: number) => void) {
    this.#clock = clock;
    this.#most = most;
    this.#tell = tell;
  }

  take(): boolean {
    if (!this.#running) {
      this.#running = true;
      this.#clock.schedule(SECOND, () => this.turn());
    }
    if (this.#used < this.#most) {
      this.#used++;
      return true;
    }
    this.#left++;
    return false;
  }

  turn(): void {
    const left = this.#left;
    this.#running = false;
    this.#used = this.#left = 0;
    if (left > 0) this.#tell(left);
  }
}

/**
 * Writes a line for each event of all that is watched: its fields as an object, and a message that is the
 * same for all of a kind. The function returned ends it.
 *
 * ```ts
 * import { CircuitBreaker } from 'keelson';
 * import { logTo, Observatory } from 'keelson/observe';
 *
 * const lines: string[] = [];
 * const write = (_: object, message: string) => lines.push(message);
 * const logger = { debug: write, info: write, warn: write, error: write };
 * const observatory = new Observatory();
 * logTo(observatory, logger);
 * const breaker = new CircuitBreaker({ name: 'payments' });
 * observatory.watch(breaker);
 * breaker.isolate();
 * lines; // => ['circuit-breaker isolated']
 * ```
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function logTo(observatory: Observatory, logger: EventLogger, options: LogOptions = {}): () => void {
  checkKeys(owner, options, ['levels', 'maxPerSecond', 'clock']);
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof logger?.[level] !== 'function')
      refuse(owner, `logger.${level}`, 'a function', logger?.[level]);
  }
  const levels = checkLevels(options.levels ?? {});
  const { maxPerSecond = MOST_PER_SECOND, clock = systemClock } = options;
  checkNumber(owner, 'maxPerSecond', maxPerSecond, { min: 1, integer: true, infinity: true });
  const quota = new Quota(clock, maxPerSecond, left =>
    logger.warn({ left, service: observatory.service }, 'keelson events were left out of the log'),
  );
  const off = observatory.onEvent(event => {
    const level = levelOf(event, levels);
    if (level === 'silent' || !quota.take()) return;
    const { seq, service, id, kind, name, payload } = event;
    logger[level]({ seq, service, id, kind, name, event: event.event, payload }, `${kind} ${event.event}`);
  });
  return () => {
    off();
    quota.turn();
  };
}
