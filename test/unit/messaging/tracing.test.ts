import { describe, expect, it } from 'vitest';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import type { Message } from '../../../src/messaging/message.js';
import { topic } from '../../../src/messaging/topic.js';
import {
  childTraceContext,
  parseTraceContext,
  withTraceState,
} from '../../../src/messaging/trace-context.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const trace = withTraceState(parseTraceContext({ traceparent })!, 'vendor', 'what');
const placed = topic<number>('order.placed');
const shipped = topic<number>('order.shipped');

async function received(facts: object): Promise<Message<number>> {
  await using bus = new InMemoryBus();
  const seen: Message<number>[] = [];
  await bus.subscribe(placed, { group: 'g' }, message => seen.push(message)).ready;
  await bus.publish(placed, 1, facts);
  await expect.poll(() => seen).toHaveLength(1);
  return seen[0]!;
}

describe('the trace of a message', () => {
  it('arrives as its publisher gave it, and is no header of its own', async () => {
    const message = await received({ trace, headers: { own: 'x' } });
    expect(message.trace).toEqual(trace);
    expect(message.headers).toEqual({ own: 'x' });
  });

  it('is not made up', async () => expect((await received({})).trace).toBeUndefined());

  it('goes on as a child in what the message leads to', async () => {
    const cause = await received({ trace });
    const { trace: child } = await received({ causedBy: cause });
    expect(child).toEqual({ ...trace, parentId: child!.parentId });
    expect(child!.parentId).not.toBe(trace.parentId);
  });

  it('is that of the publisher where it gives one beside the cause', async () => {
    const own = childTraceContext(trace);
    expect((await received({ causedBy: await received({ trace }), trace: own })).trace).toEqual(own);
  });

  it('goes on in the answer to a request', async () => {
    await using bus = new InMemoryBus();
    const seen: unknown[] = [];
    await bus.subscribe(shipped, { group: 'g' }, message => seen.push(message.trace?.traceId)).ready;
    const answer = bus.respond(placed, { group: 'g' }, async message => {
      await bus.publish(shipped, 1, { causedBy: message });
      return message.trace?.traceId;
    });
    await answer.ready;
    expect(await bus.request(placed, 1, { trace, timeoutMs: 5_000 })).toBe(trace.traceId);
    await expect.poll(() => seen).toEqual([trace.traceId]);
  });
});
