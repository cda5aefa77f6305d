import { expect, it } from 'vitest';
import { Throttle, type ThrottleRules } from '../../src/core/throttle.js';
import { explore } from '../../src/testing/explore.js';

/** What happens to a request: sent or not by a chance that lets it or does not, and what comes back. */
type Event = 'accepted' | 'failed' | 'unlucky' | 'urgent' | 'tick';

const TICK_MS = 10;
const always = (): number => 0;
const never = (): number => 0.999999;

/** A throttle beside the log of what was asked. It cannot be cloned: a copy lives through the same again. */
class Pair {
  readonly throttle: Throttle;
  readonly log: (readonly [bucket: number, accepted: boolean])[] = [];
  now = 0;
  rejected = false;

  readonly rules: ThrottleRules;
  readonly history: readonly Event[];

  constructor(rules: ThrottleRules, history: readonly Event[] = []) {
    this.rules = rules;
    this.history = history;
    this.throttle = new Throttle(rules, 0);
    for (const event of history) this.#apply(event);
  }

  after(event: Event): Pair {
    return new Pair(this.rules, [...this.history, event]);
  }

  #apply(event: Event): void {
    this.rejected = false;
    if (event === 'tick') this.now += TICK_MS;
    else if (event === 'unlucky') this.#ask(0);
    else if (event === 'urgent') this.#ask(1);
    else {
      // A chance of nearly 1 is above every cap.
      if (!this.throttle.admit(0, this.now, never)) throw new Error('rejected with luck');
      this.throttle.record(event === 'accepted', this.now);
      this.log.push([this.now / TICK_MS, event === 'accepted']);
    }
    this.#compare();
  }

  #ask(priority: number): void {
    const expected = this.ratio(priority) > 0;
    this.rejected = !this.throttle.admit(priority, this.now, always);
    if (this.rejected !== expected) throw new Error(`should be rejected: ${expected}`);
    if (this.rejected) this.log.push([this.now / TICK_MS, false]);
  }

  get counts(): { readonly requests: number; readonly accepts: number } {
    const oldest = this.now / TICK_MS - this.rules.buckets;
    const inside = this.log.filter(([bucket]) => bucket > oldest);
    return { requests: inside.length, accepts: inside.filter(([, accepted]) => accepted).length };
  }

  ratio(priority: number): number {
    const { headroom, maxRejectRatio, minRequests } = this.rules;
    const { requests, accepts } = this.counts;
    if (requests < minRequests) return 0;
    const ratio = (requests - headroom * 2 ** priority * accepts) / (requests + 1);
    return Math.min(maxRejectRatio, Math.max(0, ratio));
  }

  #compare(): void {
    const { throttle, now } = this;
    const { requests, accepts } = this.counts;
    if (throttle.requests(now) !== requests || throttle.accepts(now) !== accepts)
      throw new Error('miscounted');
    for (const priority of [0, 1]) {
      if (Math.abs(throttle.rejectRatio(priority, now) - this.ratio(priority)) > 1e-12) {
        throw new Error(`wrong ratio at priority ${priority}`);
      }
    }
  }

  key(): string {
    const newest = this.now / TICK_MS;
    const cells = Array.from({ length: this.rules.buckets }, (_, age) => {
      const cell = this.log.filter(([bucket]) => bucket === newest - age);
      return `${cell.filter(([, accepted]) => accepted).length}/${cell.length}`;
    });
    return `${cells.join(' ')} ${this.rejected}`;
  }
}

/** No more requests in the window than this, so that the walk ends. */
const MOST = 8;

it.each<ThrottleRules>([
  { windowMs: 20, buckets: 2, headroom: 2, maxRejectRatio: 0.7, minRequests: 3 },
  { windowMs: 30, buckets: 3, headroom: 1, maxRejectRatio: 0.5, minRequests: 1 },
])('a throttle behaves in every reachable state: %o', rules => {
  const { states, transitions } = explore<Pair, Event>({
    maxStates: 2000,
    initial: () => new Pair(rules),
    events: ({ counts }) =>
      counts.requests < (rules.buckets > 2 ? MOST - 3 : MOST)
        ? ['accepted', 'failed', 'unlucky', 'urgent', 'tick']
        : ['tick'],
    step: (pair, event) => pair.after(event),
    key: pair => pair.key(),
    always: pair => {
      const { requests, accepts } = pair.counts;
      const ratio = pair.throttle.rejectRatio(0, pair.now);
      if (ratio > 0 && requests <= rules.headroom * accepts) return 'rejects although enough is accepted';
      if (ratio > rules.maxRejectRatio) return 'rejects more than it may';
      return pair.throttle.rejectRatio(1, pair.now) > ratio
        ? 'the more important is rejected sooner'
        : undefined;
    },
    invariant: (before, event, after) => {
      const change = after.throttle.rejectRatio(0, after.now) - before.throttle.rejectRatio(0, before.now);
      if (event === 'accepted' && change > 1e-12 && before.counts.requests + 1 !== rules.minRequests) {
        return 'rejects more after an acceptance';
      }
      return (event === 'failed' || after.rejected) && change < -1e-12
        ? 'rejects less after a failure'
        : undefined;
    },
    goals: {
      'at the cap': pair => pair.ratio(0) === rules.maxRejectRatio,
      'only the less important are rejected': pair => pair.ratio(0) > 0 && pair.ratio(1) === 0,
      'something was rejected': pair => pair.rejected,
    },
    liveness: [
      {
        name: 'it admits all again',
        to: pair => pair.ratio(0) === 0,
        by: event => event === 'tick',
        paths: 'every',
      },
    ],
  });
  console.info(
    `throttle, ${rules.buckets} buckets: ${states} states, ${transitions} transitions, to a fixpoint`,
  );
  expect(states).toBeGreaterThan(100);
});
