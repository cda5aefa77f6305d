import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { settle } from './fake-time.mjs';
import { unmet } from './unmet.mjs';

/** The subject has no such policy or option: nothing to compare. */
export class Lacks extends Error {}

const words = { undefined: undefined, NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, bigint: 1n };

/** JSON has no words for some of what callers pass: `{ "$": "NaN" }`, and any other word is a function. */
export function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('$' in value) return value.$ in words ? words[value.$] : () => value.$;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

/** One run of a scenario by one subject. */
class Play {
  constructor(subject, time) {
    Object.assign(this, { subject, time, calls: new Map(), policies: [], started: [], told: [] });
    Object.assign(this, { runs: 0, running: 0, mostRunning: 0, thrown: 0, refused: false });
  }

  /** What a call does, as its step says: `value` or `error`, after `ms`, when told to (`gate`), or never. */
  operation(name, step, call) {
    return signal => {
      this.started.push(name);
      this.runs++;
      this.mostRunning = Math.max(this.mostRunning, ++this.running);
      const end = act => {
        this.running--;
        return act();
      };
      if (step.undefined) return end(() => undefined);
      return new Promise((resolve, reject) => {
        const settleNow = () => end(() => ('error' in step ? reject(step.error) : resolve(step.value)));
        if (step.gate) call.end = settleNow;
        else if (step.ms) this.time.after(step.ms, settleNow);
        else if (!step.hang) settleNow();
        const giveUp = () => end(() => reject(new Error('aborted')));
        if (step.obeys) signal?.addEventListener('abort', giveUp, { once: true });
      });
    };
  }

  start(name, step) {
    const abort = new AbortController();
    const call = { outcome: 'pending', abort };
    this.calls.set(name, call);
    const handed = {
      operation: this.operation(name, step, call),
      signal: abort.signal,
      args: step.args ?? [],
    };
    try {
      Promise.resolve(this.policies[step.policy ?? 0].call(handed)).then(
        value => Object.assign(call, { outcome: 'resolved', value }),
        error => Object.assign(call, { outcome: 'rejected', error }),
      );
    } catch {
      this.thrown++;
      call.outcome = 'rejected';
    }
  }

  make({ times = 1, orRefused, frozen, ...settings }) {
    this.policies = [];
    if (frozen) Object.freeze(settings);
    try {
      this.policies = this.subject.make(settings, times, frozen);
    } catch (error) {
      if (error instanceof Lacks || !orRefused) throw error;
      this.refused = true;
    }
  }

  listen(throws) {
    this.policies[0].listen(event => {
      this.told.push(event);
      if (throws) throw new Error('a listener that throws');
    });
  }

  restore(saved) {
    try {
      this.policies = [this.policies[0].restore(saved)];
    } catch (error) {
      if (error instanceof Lacks) throw error;
    }
  }

  /** By how much the heap grows over so many calls, in kB. */
  async flood(count) {
    v8.setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const call = () => this.policies[0].call({ operation: async () => 1, args: [] });
    for (let i = 0; i < 2000; i++) await call();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < count; i++) await call();
    collect();
    this.grownKb = (process.memoryUsage().heapUsed - before) / 1024;
  }

  async step(step) {
    const { call, times, advance, wall, abort, end, microtasks } = step;
    if (step.make) this.make(step.make);
    if (this.refused) return;
    if (call) for (let i = 1; i <= (times ?? 1); i++) await this.#call(times ? `${call}${i}` : call, step);
    if (step.listen) this.listen(step.listen === 'throws');
    if ('restore' in step) this.restore(step.restore);
    if (step.restart) this.restore(this.policies[0].save());
    if (step.flood) await this.flood(step.flood);
    if (wall) this.time.stepWall(wall);
    if (advance) await this.time.advance(advance);
    if (abort) for (const [name, { abort: it }] of this.calls) if (name.startsWith(abort)) it.abort();
    if (end) {
      const { end: endIt } = this.calls.get(end);
      if (endIt === undefined) throw new Error(`${end} does not run`);
      endIt();
    }
    if (microtasks === undefined) return settle();
    for (let i = 0; i < microtasks; i++) await undefined;
  }

  async #call(name, step) {
    this.start(name, step);
    if (step.times && !step.together) await settle();
  }
}

/** Why the subject gets it wrong, or undefined. `timeOf` makes the time of one run. */
async function once(scenario, subject, time, microtasks) {
  const play = new Play(subject, time);
  for (const [at, step] of scenario.steps.entries()) {
    const told = step.microtasks === 'each' ? { ...step, microtasks } : step;
    await play.step(plain(told));
    if (play.refused) return undefined;
    const why = step.expect && unmet(plain(step.expect), play);
    if (why) return `step ${at + 1}: ${why}`;
  }
  return undefined;
}

/** `right`, `lacks`, or what is wrong. A scenario with a step of `each` is played for every such number. */
export async function play(scenario, makeSubject) {
  const { error: report } = console;
  // Subjects may tell of listeners that throw; that is not what is compared.
  console.error = () => {};
  try {
    for (const microtasks of scenario.each ?? [0]) {
      const { subject, time } = makeSubject();
      const why = await once(scenario, subject, time, microtasks);
      if (why) return why;
    }
    return 'right';
  } catch (error) {
    return error instanceof Lacks ? 'lacks' : `broke off: ${error?.message}`;
  } finally {
    console.error = report;
  }
}
