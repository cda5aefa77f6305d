import { describe, expect, it, vi } from 'vitest';
import { backgroundContext, contextOf } from '../../../src/kernel/call-options.js';
import { CallContext, type CallOptions, type Context } from '../../../src/kernel/context.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const clock = new VirtualClock({ nowMs: 1_000 });
const of = (options: CallOptions | Context): CallContext => contextOf(options, clock);

describe('contextOf', () => {
  it('tells what the caller said', () => {
    const { signal } = new AbortController();
    const attributes = { route: '/pay' };
    const context = of({ signal, timeoutMs: 50, key: 'k', idempotencyKey: 'i', priority: 3, attributes });
    expect(context.signal).toBe(signal);
    expect(context.attributes).toBe(attributes);
    expect([context.key, context.idempotencyKey, context.priority]).toEqual(['k', 'i', 3]);
    expect([context.deadline, context.remainingMs(), context.attempt]).toEqual([1_050, 50, 1]);
    expect(context.clock).toBe(clock);
  });

  it.each([
    [{}, false],
    [{ idempotent: true }, true],
    [{ idempotencyKey: 'i' }, true],
    [{ idempotencyKey: 'i', idempotent: undefined }, true],
    [{ idempotencyKey: 'i', idempotent: false }, false],
  ])('knows whether the operation may run more than once: %o', (options, idempotent) => {
    const context = of(options);
    expect([context.idempotent, new CallContext(context).idempotent]).toEqual([idempotent, idempotent]);
    expect(new CallContext(context).isHedge).toBe(false);
  });

  it('has a meaning for everything left out', () => {
    for (const context of [of({}), of({ timeoutMs: Infinity }), backgroundContext(clock)]) {
      expect([context.key, context.idempotencyKey, context.priority]).toEqual([undefined, undefined, 0]);
      expect([context.deadline, context.remainingMs()]).toEqual([Infinity, Infinity]);
      expect(context.attributes).toEqual({});
      expect(Object.isFrozen(context.attributes)).toBe(true);
      expect(context.signal.aborted).toBe(false);
      expect([context.cancellable, context.cancelled, context.reason]).toEqual([false, false, undefined]);
      context.onCancel(() => expect.unreachable())();
    }
  });

  it('refuses a signal without the braces around it, which would never be heard', () => {
    const { signal } = new AbortController();
    expect(() => of(signal as unknown as CallOptions)).toThrow(
      new TypeError('call options: `options` must be an object such as { signal }, got an object'),
    );
  });

  it('reads no clock where there is no timeout', () => {
    const still = new VirtualClock();
    const now = vi.spyOn(still, 'now');
    for (const timeoutMs of [undefined, Infinity]) {
      const context = contextOf({ timeoutMs }, still);
      expect([context.deadline, context.remainingMs()]).toEqual([Infinity, Infinity]);
    }
    expect(now).not.toHaveBeenCalled();
  });

  it('takes every option as undefined', () => {
    const nothing = { signal: undefined, timeoutMs: undefined, key: undefined, idempotencyKey: undefined };
    expect(of({ ...nothing, priority: undefined, attributes: undefined }).deadline).toBe(Infinity);
  });

  it.each([
    [{ timeoutMs: Number.NaN }, RangeError, '`timeoutMs` must be a number >= 0, or Infinity, got NaN'],
    [{ timeoutMs: -1 }, RangeError, '`timeoutMs` must be a number >= 0, or Infinity, got -1'],
    [{ timeoutMs: -Infinity }, RangeError, '`timeoutMs` must be a number >= 0, or Infinity, got -Infinity'],
    [{ timeoutMs: '5' }, TypeError, '`timeoutMs` must be a number >= 0, or Infinity, got "5"'],
    [{ timeoutMs: null }, TypeError, '`timeoutMs` must be a number >= 0, or Infinity, got null'],
    [{ priority: Number.NaN }, RangeError, '`priority` must be a number, got NaN'],
    [{ priority: Infinity }, RangeError, '`priority` must be a number, got Infinity'],
    [{ signal: {} }, TypeError, '`signal` must be an AbortSignal, got an object'],
    [{ signal: null }, TypeError, '`signal` must be an AbortSignal, got null'],
    [{ key: 5 }, RangeError, '`key` must be a string, got 5'],
    [{ idempotencyKey: {} }, TypeError, '`idempotencyKey` must be a string, got an object'],
    [{ idempotent: 'yes' }, TypeError, '`idempotent` must be true or false, got "yes"'],
    [{ idempotent: null }, TypeError, '`idempotent` must be true or false, got null'],
    [{ attributes: 5 }, RangeError, '`attributes` must be an object, got 5'],
    [{ attributes: null }, TypeError, '`attributes` must be an object, got null'],
    [{ timeout: 5 }, TypeError, 'unknown option `timeout`'],
    [7, RangeError, '`options` must be an object, got 7'],
    [null, TypeError, '`options` must be an object, got null'],
  ])('refuses %o', (options, kind, message) => {
    const make = (): unknown => of(options as CallOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(`call options: ${message}`);
  });

  it.each([[0], [0.5], [2 ** 31], [Number.MAX_VALUE]])('takes a timeout of %d ms', timeoutMs => {
    expect(of({ timeoutMs }).deadline).toBe(1_000 + timeoutMs);
  });

  it('is not moved by what becomes of the options later', () => {
    const options = { key: 'mine', timeoutMs: 50, priority: 1 };
    const context = of(options);
    options.key = 'other';
    options.timeoutMs = 1;
    options.priority = 9;
    expect([context.key, context.deadline, context.priority]).toEqual(['mine', 1_050, 1]);
  });

  it('takes frozen options, and options without a prototype', () => {
    expect(of(Object.freeze({ key: 'k' })).key).toBe('k');
    expect(of(Object.assign(Object.create(null), { key: 'k' }) as CallOptions).key).toBe('k');
  });

  it('takes options that are inherited, such as those of a common default', () => {
    const { signal } = new AbortController();
    const common = { signal, key: 'common', timeoutMs: 50, attributes: { team: 'a' } };
    const context = of(Object.create(common, { key: { value: 'own', enumerable: true } }) as CallOptions);
    expect(context.signal).toBe(signal);
    expect([context.key, context.deadline, context.attributes]).toEqual(['own', 1_050, { team: 'a' }]);
  });

  it('reads each option once, so that what it checks is what it takes', () => {
    const read = vi.fn().mockReturnValueOnce(50).mockReturnValue(Number.NaN);
    const options = Object.defineProperty({}, 'timeoutMs', { get: read, enumerable: true });
    expect(of(options).deadline).toBe(1_050);
    expect(read).toHaveBeenCalledOnce();
  });

  it('hands on what a getter throws', () => {
    const options = {
      get key(): string {
        throw new Error('getter');
      },
    };
    expect(() => of(options)).toThrow('getter');
  });
});

/** What a context of another copy of the package looks like from here: getters of a strange class. */
class ForeignContext implements Context {
  readonly #controller = new AbortController();
  readonly attempt = 3;
  readonly deadline = 77;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get key(): string {
    return 'foreign';
  }

  get idempotencyKey(): string {
    return 'same for all';
  }

  get idempotent(): boolean {
    return false;
  }

  get priority(): number {
    return 2;
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return { from: 'afar' };
  }

  remainingMs(): number {
    return 40;
  }

  abort(): void {
    this.#controller.abort('far away');
  }
}

describe('contextOf another context', () => {
  it('is that context when it is of this package', () => {
    const context = of({ key: 'k' });
    expect(of(context)).toBe(context);
  });

  it('adopts one of another copy: its facts, its attempt, and what is left of its deadline', () => {
    const context = of(new ForeignContext());
    expect(context).toBeInstanceOf(CallContext);
    expect([context.key, context.idempotencyKey, context.priority]).toEqual(['foreign', 'same for all', 2]);
    // Not 77: that is a point on a clock of which nothing is known here.
    expect([context.attempt, context.deadline, context.idempotent]).toEqual([3, 1_040, false]);
    expect(context.attributes).toEqual({ from: 'afar' });
  });

  it('hears when the foreign one is given up', () => {
    const foreign = new ForeignContext();
    const context = of(foreign);
    const heard = vi.fn();
    const leave = context.onCancel(heard);
    context.onCancel(() => expect.unreachable())();
    foreign.abort();
    foreign.abort();
    leave();
    expect(heard).toHaveBeenCalledOnce();
    expect([context.cancelled, context.reason]).toEqual([true, 'far away']);
  });

  it('refuses what only looks like one', () => {
    expect(() => of({ remainingMs: 5 } as unknown as Context)).toThrow(TypeError);
    expect(() => of({ remainingMs: () => Number.NaN } as unknown as Context)).toThrow('`timeoutMs`');
  });
});
