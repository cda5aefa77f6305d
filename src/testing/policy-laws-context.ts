import type { Context } from '../kernel/context.js';
import type { Outcome } from '../kernel/outcome.js';
import { countingSignal } from './counting-signal.js';
import { type Law, law } from './law.js';
import { type MakePolicy, PolicySubject, refused } from './policy-subject.js';

export function handsTheCallOn(name: string, make: MakePolicy, value: unknown): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const said = Object.freeze({
      key: 'tenant',
      idempotencyKey: 'order 7',
      idempotent: true,
      priority: 3,
      attributes: Object.freeze({ route: Symbol('route') }),
    });
    let seen: Context | undefined;
    await subject.call(context => {
      seen ??= context;
      return value;
    }, said);
    demand(typeof seen?.remainingMs === 'function', 'the operation to be given a context', seen);
    for (const fact of ['key', 'idempotencyKey', 'idempotent', 'priority'] as const) {
      demand(seen?.[fact] === said[fact], `context.${fact} to be the caller's`, seen?.[fact]);
    }
    const { route } = (seen?.attributes ?? {}) as { route?: symbol };
    demand(route === said.attributes.route, "context.attributes to be the caller's", seen?.attributes);
    demand(seen?.attempt === 1, 'context.attempt to be 1 on the first run', seen?.attempt);
    demand(seen?.signal instanceof AbortSignal, 'context.signal to be an AbortSignal', seen?.signal);
  });
}

export function shortensDeadlines(name: string, make: MakePolicy, value: unknown): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const remaining: number[] = [];
    await subject.call(
      async context => {
        remaining.push(context.remainingMs());
        await subject.sleep(1);
        remaining.push(context.remainingMs());
        return value;
      },
      { timeoutMs: 1_000 },
    );
    const [first = Number.NaN, second = Number.NaN] = remaining;
    demand(first <= 1_000, 'context.remainingMs() to be at most the 1000 ms that the caller gave', first);
    demand(second <= first, `it to shrink from ${first} as time passes`, second);
  });
}

export function leavesTheSignalAlone(name: string, make: MakePolicy, value: unknown): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    let signal: AbortSignal | undefined;
    const { signal: callers } = new AbortController();
    const operation = (context: Context): unknown => {
      signal = context.signal;
      return value;
    };
    await subject.call(operation, { signal: callers });
    await subject.clock.advance(24 * 3_600_000);
    demand(signal?.aborted === false, 'context.signal never to abort after a success', signal?.reason);
  });
}

/** An operation that ends when it is told to, and only then. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** A reason that nobody could make up or wrap without being found out. */
const reason = (): object => Object.freeze({ why: 'the caller gave up' });

export function passesAborts(name: string, make: MakePolicy): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const controller = new AbortController();
    const why = reason();
    let seen: AbortSignal | undefined;
    let runs = 0;
    let outcome: Promise<Outcome> | undefined;
    const started = new Promise<void>(resolve => {
      outcome = subject.start(
        ({ signal }) => {
          seen = signal;
          runs++;
          resolve();
          return untilAborted(signal);
        },
        { signal: controller.signal },
      );
    });
    await subject.finish(started);
    controller.abort(why);
    demand(seen?.aborted === true, "context.signal to abort in the turn in which the caller's does", seen);
    demand(seen?.reason === why, "context.signal.reason to be the caller's own", seen?.reason);
    const runsThen = runs;
    const ended = await subject.finish(outcome!);
    demand(!ended.ok && ended.error === why, "the call to reject with the caller's own reason", ended);
    await subject.clock.runAll();
    demand(runs === runsThen, 'no run of the operation after the abort', runs - runsThen);
  });
}

export function refusesAbortedCalls(name: string, make: MakePolicy, value: unknown): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const why = reason();
    let runs = 0;
    const operation = (): unknown => {
      runs++;
      return value;
    };
    const outcome = await subject.call(operation, { signal: AbortSignal.abort(why) });
    demand(runs === 0, 'no run for a caller who has given up already', runs);
    demand(!outcome.ok && outcome.error === why, "a rejection with the caller's own reason", outcome);
  });
}

/** Calls of every kind on one long-lived signal, one after the other and then side by side. */
async function useMuch(
  subject: PolicySubject,
  signal: AbortSignal,
  value: unknown,
  calls: number,
): Promise<void> {
  const operations = [
    () => value,
    async () => value,
    () => {
      throw new Error('planted');
    },
    async () => {
      await subject.sleep(5);
      return value;
    },
    async (context: Context) => {
      await subject.sleep(context.signal.aborted ? 1 : 2);
      throw new Error('planted');
    },
  ];
  for (let call = 0; call < calls; call++) {
    await subject.call(operations[call % operations.length]!, { signal, timeoutMs: 60_000 });
  }
  const together = Array.from({ length: calls }, (_, call) =>
    subject.start(operations[call % operations.length]!, { signal }),
  );
  await subject.finish(Promise.all(together));
}

export function leavesNoTimers(name: string, make: MakePolicy, value: unknown, calls: number): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const before = subject.clock.timers;
    await useMuch(subject, countingSignal().signal, value, calls);
    const left = subject.clock.timers - before;
    demand(left <= 0, `no timers left after ${2 * calls} calls`, left);
  });
}

export function leavesNoListeners(name: string, make: MakePolicy, value: unknown, calls: number): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const { signal, listeners } = countingSignal();
    await useMuch(subject, signal, value, calls);
    demand(
      listeners() === 0,
      `no listeners left on the caller's signal after ${2 * calls} calls`,
      listeners(),
    );
  });
}

export function letsGo(name: string, make: MakePolicy, calls: number): Law {
  return law(name, async demand => {
    const subject = new PolicySubject(name, make);
    const { signal, listeners, abort } = countingSignal();
    const why = reason();
    let runs = 0;
    const outcomes = Array.from({ length: calls }, () =>
      subject.start(
        context => {
          runs++;
          return untilAborted(context.signal);
        },
        { signal },
      ),
    );
    await subject.clock.advance(0);
    const runsThen = runs;
    abort(why);
    await subject.clock.advance(0);
    demand(runs === runsThen, 'no operation to start after the abort', runs - runsThen);
    for (const outcome of await subject.finish(Promise.all(outcomes))) {
      const right = refused(outcome) || (!outcome.ok && outcome.error === why);
      demand(right, `each of ${calls} calls to reject with the caller's own reason`, outcome);
    }
    demand(listeners() === 0, "no listeners left on the caller's signal", listeners());
    demand(subject.clock.timers === 0, 'no timers left', subject.clock.timers);
  });
}
