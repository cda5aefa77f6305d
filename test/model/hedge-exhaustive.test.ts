import { expect, it } from 'vitest';
import { HedgeRace, type HedgeStep } from '../../src/core/hedge.js';
import { explore, type Liveness } from '../../src/testing/explore.js';

type Event =
  | 'the delay passes'
  | 'left out'
  | 'the first fails'
  | 'an extra fails'
  | 'suppressed'
  | 'started';

/** What a call has lived through, told by the list of its attempts alone, beside the machine. */
class Call {
  readonly #hedges: number;
  readonly #history: readonly Event[];
  readonly #race: HedgeRace;
  readonly attempts: ('running' | 'failed' | 'suppressed')[] = ['running'];
  leftOut = 0;
  step: HedgeStep = 'wait';
  /** What brought about the step. */
  last: Event | undefined;

  constructor(hedges: number, history: readonly Event[] = []) {
    this.#hedges = hedges;
    this.#history = history;
    this.#race = new HedgeRace(hedges);
    for (const event of history) this.#apply(event);
  }

  after(event: Event): Call {
    return new Call(this.#hedges, [...this.#history, event]);
  }

  get running(): number {
    return this.attempts.filter(state => state === 'running').length;
  }

  get left(): number {
    return this.#hedges - (this.attempts.length - 1) - this.leftOut;
  }

  #end(from: number, how: 'failed' | 'suppressed'): void {
    this.attempts[this.attempts.indexOf('running', from)] = how;
  }

  #apply(event: Event): void {
    const race = this.#race;
    this.last = event;
    if (event === 'the delay passes') {
      this.step = 'start';
    } else if (event === 'started') {
      race.start();
      this.attempts.push('running');
      this.step = 'wait';
    } else if (event === 'left out') {
      this.step = race.skip();
      this.leftOut++;
    } else if (event === 'suppressed') {
      this.step = race.suppress();
      this.#end(1, 'suppressed');
    } else {
      this.step = race.fail();
      this.#end(event === 'the first fails' ? 0 : 1, 'failed');
    }
    if (race.running !== this.running || race.left !== this.left) throw new Error('the two disagree');
  }

  events(): Event[] {
    if (this.step === 'fail') return [];
    if (this.step === 'start') return ['started', 'left out'];
    const events: Event[] = [];
    if (this.left > 0) events.push('the delay passes');
    if (this.attempts[0] === 'running') events.push('the first fails');
    if (this.attempts.indexOf('running', 1) > 0) events.push('an extra fails', 'suppressed');
    return events;
  }

  key(): string {
    return `${this.attempts} ${this.leftOut} ${this.step} ${this.last}`;
  }
}

const comesToAnEnd: Liveness<Call, Event> = {
  name: 'a call of which every attempt ends comes to an end itself',
  to: ({ step }) => step === 'fail',
  paths: 'every',
};

it.each([1, 2, 4])('a hedged call behaves in every reachable state (%i hedges)', hedges => {
  const { states, transitions } = explore<Call, Event>({
    maxStates: 2000,
    initial: () => new Call(hedges),
    events: call => call.events(),
    step: (call, event) => call.after(event),
    key: call => call.key(),
    always: ({ attempts, running, step, last, left }) => {
      if (attempts.length > 1 + hedges) return 'more attempts than there may be (HG1)';
      if (step === 'fail' && running > 0) return 'given up while an attempt runs';
      if (step === 'wait' && running === 0) return 'waits for nobody';
      if (step === 'start' && left === 0) return 'starts an attempt that there is not';
      if (step === 'start' && last === 'left out') return 'what is left out asks for more';
      if (last === 'suppressed' && step === 'start' && running > 0) return 'does not wait for its delay';
      if (last === 'suppressed' && step === 'fail' && left > 0) return 'ends with attempts left to make';
      const failed = last === 'the first fails' || last === 'an extra fails';
      return failed && left > 0 && step !== 'start' ? 'does not start the next at once (HG2)' : undefined;
    },
    goals: {
      'all run at a time': ({ running }) => running === 1 + hedges,
      'all have failed': ({ attempts }) =>
        attempts.length === 1 + hedges && attempts.every(it => it === 'failed'),
      'the first has failed and the other was suppressed': ({ attempts, step }) =>
        step === 'fail' && attempts.slice(0, 2).join() === 'failed,suppressed',
      'nothing runs, and the next starts in place of one that was suppressed': ({ step, last }) =>
        hedges === 1 || (step === 'start' && last === 'suppressed'),
    },
    liveness: [comesToAnEnd],
  });
  console.info(`hedge, ${hedges}: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(states).toBeGreaterThan(10);
});
