import type { CallContext, Context } from '../../../src/kernel/context.js';
import { GuardRun } from '../../../src/kernel/guard-run.js';
import type { AbandonableCall, Guard, ParkedCall } from '../../../src/kernel/policy.js';

export type Log = string[];

/** A guard that writes down what happens to it. */
export class Recorder implements Guard<object> {
  readonly permit = {};
  readonly log: Log;
  readonly label: string;

  constructor(log: Log, label: string) {
    this.log = log;
    this.label = label;
  }

  enter(_call: CallContext): object | undefined {
    this.log.push(`enter ${this.label}`);
    return this.permit;
  }

  exit(permit: object, ok: boolean, result: unknown): void {
    // Written down and not thrown, for what a guard throws here is only reported.
    const strange = permit === this.permit ? '' : ' with a strange permit';
    this.log.push(`exit ${this.label} ${ok ? 'ok' : 'error'} ${String(result)}${strange}`);
  }
}

export class Refuser extends Recorder {
  override enter(): object {
    throw new Error('refused');
  }
}

/** Does not admit, and says why when asked: nothing is thrown, and nobody waits. */
export class Denier extends Recorder {
  override enter(): undefined {
    return undefined;
  }

  refusal(): Error {
    return new Error('denied');
  }
}

export class Parker extends Recorder {
  parked: ParkedCall<object> | undefined;
  withdrawn: unknown;

  override enter(): undefined {
    return undefined;
  }

  wait(call: ParkedCall<object>): string {
    this.parked = call;
    return 'ticket';
  }

  withdraw(ticket: unknown): void {
    this.withdrawn = ticket;
    this.log.push(`withdraw ${this.label}`);
  }
}

export class Giver extends Recorder {
  readonly givesUp = true;
  call: (AbandonableCall & Context) | undefined;

  override enter(call: CallContext): object {
    this.call = call as unknown as AbandonableCall;
    return super.enter(call)!;
  }
}

export const run = (...guards: Guard<object>[]): GuardRun => new GuardRun(guards as Guard[]);

export function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
