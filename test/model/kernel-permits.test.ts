import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { microtaskSweep } from '../../src/testing/microtask-sweep.js';
import { settle } from '../../src/testing/settle.js';
import { type CallRecord, type GuardKind, GuardStack, type Whims } from './guard-stack.js';

type Step =
  | { readonly do: 'start'; readonly listens: boolean; readonly timeoutMs: number | undefined }
  | { readonly do: 'start plain' }
  | { readonly do: 'turn' }
  | { readonly do: 'admit'; readonly at: number }
  | { readonly do: 'refuse'; readonly at: number }
  | { readonly do: 'abort'; readonly call: number }
  | { readonly do: 'give up'; readonly call: number; readonly which: number; readonly merely: boolean }
  | { readonly do: 'settle'; readonly call: number; readonly ok: boolean }
  | { readonly do: 'advance'; readonly ms: number };

const call = fc.nat(7);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('start' as const),
    listens: fc.boolean(),
    timeoutMs: fc.constantFrom(undefined, 20, 80),
  }),
  fc.constant({ do: 'start plain' as const }),
  fc.constant({ do: 'turn' as const }),
  fc.record({ do: fc.constant('admit' as const), at: fc.nat(5) }),
  fc.record({ do: fc.constant('refuse' as const), at: fc.nat(5) }),
  fc.record({ do: fc.constant('abort' as const), call }),
  fc.record({ do: fc.constant('give up' as const), call, which: fc.nat(2), merely: fc.boolean() }),
  fc.record({ do: fc.constant('settle' as const), call, ok: fc.boolean() }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.nat(60) }),
);
const kinds = fc.array(
  fc.constantFrom<GuardKind>('fresh', 'shared', 'parks', 'fickle', 'gives up', 'timeout'),
  { maxLength: 6 },
);
const whims: fc.Arbitrary<Whims> = fc.array(
  fc.constantFrom('admit', 'admit', 'park', 'refuse', 'abort', 'leave'),
  { minLength: 1, maxLength: 5 },
);

async function take(stack: GuardStack, step: Step): Promise<void> {
  if (step.do === 'start') stack.start({ key: 'k', listens: step.listens, timeoutMs: step.timeoutMs });
  else if (step.do === 'start plain') stack.start();
  else if (step.do === 'turn') await settle();
  else if (step.do === 'admit') stack.admit(step.at);
  else if (step.do === 'refuse') stack.refuse(step.at);
  else if (step.do === 'advance') await stack.clock.advance(step.ms);
  else {
    const subject = stack.calls[step.call];
    if (subject === undefined) return;
    if (step.do === 'abort') stack.abort(subject);
    else if (step.do === 'settle') stack.settle(subject, step.ok);
    else stack.giveUp(subject, step.which, step.merely);
  }
}

/** Brings everything to its end. */
async function finish(stack: GuardStack): Promise<void> {
  for (let round = 0; round < 10; round++) {
    let admitted = true;
    while (admitted) admitted = stack.admit(0);
    for (const each of stack.calls) stack.settle(each, true);
    await settle();
  }
}

/** The places of the guards that may give up: one of them begins each run but the first. */
const giversOf = (stack: GuardStack): number[] =>
  stack.kinds.flatMap((kind, place) => (kind === 'gives up' || kind === 'timeout' ? [place] : []));

/** Which run of guards stands at `place`. */
const runOf = (givers: readonly number[], place: number): number =>
  Math.max(0, givers.filter(giver => giver <= place).length - 1);

function checkOrder(stack: GuardStack, record: CallRecord): void {
  const givers = giversOf(stack);
  const lastGiver = givers.at(-1) ?? -1;
  const { events } = record;
  const settled = events.findIndex(event => event.what === 'settles');
  const started = events.some(event => event.what === 'starts');
  const exits = events.flatMap((event, at) => (event.what === 'exit' ? [{ place: event.place, at }] : []));
  for (const { place, at } of exits) {
    if (started && place > lastGiver) {
      expect(at, `${place} keeps its permit while the operation runs`).toBeGreaterThan(settled);
    }
  }
  for (let run = 0; run <= givers.length; run++) {
    const inRun = exits.map(({ place }) => place).filter(place => runOf(givers, place) === run);
    const giver = givers[run] ?? -1;
    for (const part of [inRun.filter(place => place <= giver), inRun.filter(place => place > giver)]) {
      expect(part, 'guards exit innermost first').toEqual([...part].sort((a, b) => b - a));
    }
  }
}

/** What must hold when all has ended. */
function checkEnd(stack: GuardStack): void {
  expect(stack.complaints).toEqual([]);
  expect(stack.line).toEqual([]);
  expect(stack.permits.filter(permit => permit.returned !== 1)).toEqual([]);
  expect(stack.shared.filter(out => out !== 0)).toEqual([]);
  expect([stack.timed, stack.clock.timers]).toEqual([0, 0]);
  for (const record of stack.calls) {
    expect(record.answers).toBe(1);
    expect(record.caller.listeners()).toBe(0);
    checkOrder(stack, record);
  }
}

describe('calls through a stack of guards', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);

  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });

  afterEach(() => {
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('give back every permit once, innermost first, and are answered once, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, whims, fc.array(steps, { maxLength: 30 }), async (list, moods, sequence) => {
        const stack = new GuardStack(list, moods);
        for (const step of sequence) {
          await take(stack, step);
          expect(stack.forsaken).toBe(0);
        }
        await finish(stack);
        checkEnd(stack);
      }),
    );
  });

  it('do so at whatever microtask callers and guards give up, admit and settle', async () => {
    const list: readonly GuardKind[] = ['fresh', 'timeout', 'parks', 'gives up', 'shared', 'parks', 'fresh'];
    await microtaskSweep({
      subject: () => {
        const stack = new GuardStack(list, ['admit']);
        for (let i = 0; i < 3; i++) stack.start({ key: 'k', listens: true });
        stack.admit(0);
        stack.admit(2);
        return stack;
      },
      trigger: stack => stack.settle(stack.calls[0]!, true),
      actions: {
        'the first caller gives up': stack => stack.abort(stack.calls[0]!),
        'the last caller gives up': stack => stack.abort(stack.calls[2]!),
        'a guard gives up on the first': stack => stack.giveUp(stack.calls[0]!, 0, false),
        'a guard cancels the last': stack => stack.giveUp(stack.calls[2]!, 0, true),
        'somebody is admitted': stack => {
          stack.admit(0);
        },
        'somebody is refused': stack => stack.refuse(1),
        'time is up': stack => stack.clock.advanceSync(60),
      },
      offsets: 6,
      async check(stack) {
        await finish(stack);
        checkEnd(stack);
        return undefined;
      },
    });
  });
});
