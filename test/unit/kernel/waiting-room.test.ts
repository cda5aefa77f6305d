import { describe, expect, it } from 'vitest';
import type { CallContext } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { type Log, Parker } from './recording-guards.js';

/** A guard that parks only while it is closed. */
class Door extends Parker {
  open = true;

  override enter(): undefined {
    return (this.open ? this.permit : undefined) as undefined;
  }
}

describe.each([
  ['without options', undefined],
  ['with options', { key: 'k' }],
])('a guard that stands alone and makes calls wait, %s', (_, options) => {
  it('runs a call when it admits it, and has its permit back', async () => {
    const log: Log = [];
    const door = new Door(log, 'a');
    door.open = false;
    const call = pipeline(door).execute(context => {
      log.push('runs');
      return context.key;
    }, options);
    expect(log).toEqual([]);
    door.parked!.admit(door.permit);
    expect(log).toEqual(['runs']);
    await expect(call).resolves.toBe(options?.key);
    expect(log).toEqual(['runs', `exit a ok ${options?.key}`]);
  });

  it('knows a call that comes from inside, while the operation runs', async () => {
    const door = new Door([], 'a');
    const contexts: CallContext[] = [];
    const look = (context: unknown) => {
      contexts.push(context as CallContext);
      expect(contexts.at(-1)!.holds(door)).toBe(true);
    };
    const policy = pipeline(door);
    await policy.execute(look, options);
    // One that is shared by all calls without options cannot know whose operation has ended.
    expect(contexts[0]!.holds(door)).toBe(options === undefined);
    door.open = false;
    const call = policy.execute(look, options);
    expect((door.parked as unknown as CallContext).holds(door)).toBe(false);
    door.parked!.admit(door.permit);
    await call;
    expect(contexts[1]!.holds(door)).toBe(false);
  });
});
