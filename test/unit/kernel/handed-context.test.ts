import { describe, expect, it } from 'vitest';
import type { CallContext } from '../../../src/kernel/context.js';
import { GuardRun } from '../../../src/kernel/guard-run.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard } from '../../../src/kernel/policy.js';
import { deferred, Giver, Parker, Recorder, run } from './recording-guards.js';

const stranger = new Recorder([], 'stranger');

/** A guard that parks only when told to. */
class Door extends Parker {
  open = true;

  override enter(): undefined {
    return (this.open ? this.permit : undefined) as undefined;
  }
}

describe('what an operation was handed', () => {
  it.each([
    ['that is shared', undefined],
    ['of its own', { key: 'k' }],
  ])('knows the guards whose permits it holds, in a context %s', async (_which, options) => {
    const door = new Door([], 'door');
    let context!: CallContext;
    await run(stranger, door).execute(given => {
      context = given as CallContext;
      expect([context.holds(door), context.holds({})]).toEqual([true, false]);
    }, options);
    // The shared one cannot know; one of its own does.
    expect(context.holds(door)).toBe(options === undefined);
  });

  it.each([
    ['alone', (front: Door) => [front]],
    ['among others', (front: Door) => [stranger, front]],
    ['in a record', (front: Door) => [new Giver([], 'giver'), front]],
  ])('asks a guard that stands in front of others by the permit of the call, %s', async (_where, guards) => {
    const behind = {};
    class Front extends Door {
      granted(permit: unknown, guard: object): boolean {
        return permit === this.permit && guard === behind;
      }
    }
    const front = new Front([], 'front');
    const policy = pipeline(...guards(front));
    let context!: CallContext;
    const look = (given: unknown): boolean => {
      context = given as CallContext;
      return context.holds(behind);
    };
    await expect(policy.execute(look, { key: 'k' })).resolves.toBe(true);
    expect(context.holds(behind)).toBe(false);
    front.open = false;
    const parked = policy.execute(look, { key: 'k' });
    front.parked!.admit(front.permit);
    await expect(parked).resolves.toBe(true);
  });

  it('holds nothing any more after a failure', async () => {
    const door = new Door([], 'door');
    let context!: CallContext;
    const call = run(door).execute(
      given => {
        context = given as CallContext;
        throw new Error('x');
      },
      { key: 'k' },
    );
    await expect(call).rejects.toThrow('x');
    expect(context.holds(door)).toBe(false);
  });

  it('holds no permit in a run that never parks', async () => {
    const guard = new Recorder([], 'a');
    const look = (context: unknown) => expect((context as CallContext).holds(guard)).toBe(false);
    await run(guard).execute(look);
    await run(guard).execute(look, { key: 'k' });
  });

  it('holds what it has entered when it has a record, waiting or running, until it is given up', async () => {
    const [giver, parker] = [new Giver([], 'a'), new Parker([], 'b')];
    const gate = deferred<void>();
    const call = run(giver, parker).execute(() => gate.promise);
    const context = giver.call as unknown as CallContext;
    expect([context.holds(giver), context.holds(parker)]).toEqual([true, false]);
    parker.parked!.admit(parker.permit);
    expect([context.holds(giver), context.holds(parker), context.holds(stranger)]).toEqual([
      true,
      true,
      false,
    ]);
    giver.call!.giveUp('late');
    expect(context.holds(giver)).toBe(false);
    await expect(call).rejects.toBe('late');
  });
});

describe('calls that start another one of the same run while they enter', () => {
  it('give back their own permits', async () => {
    const exits: unknown[] = [];
    let permits = 0;
    const counting: Guard = {
      enter: () => `permit ${++permits}`,
      exit: (permit, _ok, result) => exits.push([permit, result]),
    };
    let inner: Promise<string> | undefined;
    let nested = true;
    const nesting: Guard = {
      enter() {
        if (!nested) {
          nested = true;
          inner = guards.execute(() => 'inner');
        }
        return 'nesting';
      },
      exit: () => {},
    };
    const guards: GuardRun = new GuardRun([counting, nesting]);
    await guards.execute(() => 'before');
    nested = false;
    await expect(guards.execute(() => 'outer')).resolves.toBe('outer');
    await expect(inner).resolves.toBe('inner');
    expect(exits).toHaveLength(3);
    expect(exits).toContainEqual(['permit 2', 'outer']);
    expect(exits).toContainEqual(['permit 3', 'inner']);
  });
});
