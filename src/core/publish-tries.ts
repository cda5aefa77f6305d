/**
 * What a publish that failed says of its command. `hopeless`: it was refused before anything was sent, and
 * will be each time. `refused`: the broker was there, and did not take it. `away`: nobody was asked about it.
 */
export type PublishFault = 'hopeless' | 'refused' | 'away';

/** How often a command is tried, and how long, before somebody has to decide about it. */
export interface PublishRules {
  /** The first wait after a publish that failed, in ms. */
  readonly retryMs: number;
  /** So often a command may be refused; `Infinity` for no end of it. */
  readonly maxPublishTries: number;
  /** The waits between the tries that were refused add up to this at most, in ms. */
  readonly maxPublishMs: number;
  /** So often a program may end while it publishes the command; `Infinity` for no end of it. */
  readonly maxPublishCrashes: number;
}

/** What is known of a command that stands first. */
export interface PublishRecord {
  /** How often in a row it has been handed out, this time included. */
  readonly attempts: number;
  /** How often it was refused before. */
  readonly tries: number;
}

/** So many times the first wait is the longest. */
const LONGEST_WAIT = 60;
/** After so many doublings a wait is longer than that. */
const DOUBLINGS = 6;

/** The wait after the `count`th failure, as a multiple of the first. */
const waitOf = (count: number): number => (count > DOUBLINGS ? LONGEST_WAIT : 2 ** (count - 1));

/** The waits after the first `count` failures together, as a multiple of the first. */
const waitsOf = (count: number): number =>
  2 ** Math.min(count, DOUBLINGS) - 1 + Math.max(count - DOUBLINGS, 0) * LONGEST_WAIT;

/**
 * How long to wait after a publish that failed, in ms; `undefined` for ever: the command is parked.
 *
 * The budget of time is that of the waits between refusals, which follow from their number: however long the
 * broker was away in between, or the program stood still, none of it is used up by that.
 */
export function waitAfterFault(
  rules: PublishRules,
  { attempts, tries }: PublishRecord,
  fault: PublishFault,
): number | undefined {
  if (fault === 'hopeless') return undefined;
  if (fault === 'away') return rules.retryMs * waitOf(attempts);
  const refused = tries + 1;
  if (refused >= rules.maxPublishTries) return undefined;
  if (rules.retryMs * waitsOf(refused) > rules.maxPublishMs) return undefined;
  return rules.retryMs * waitOf(refused);
}

/** How long the wait was that ended when a command was handed out for the `attempts`th time, in ms. */
export function waitBefore({ retryMs }: PublishRules, attempts: number): number {
  return attempts > 1 ? retryMs * waitOf(attempts - 1) : 0;
}

/** Whether a command may have ended so many programs that nobody should try it again. */
export function isDeadly({ maxPublishCrashes }: PublishRules, crashes: number): boolean {
  return crashes >= maxPublishCrashes;
}
