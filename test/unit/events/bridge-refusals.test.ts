import { expect, it } from 'vitest';
import { z } from 'zod';
import { EventBridge } from '../../../src/events/event-bridge.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { defineEvents } from '../../../src/events/event-registry.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';

it('a bridge that is refused halfway lets nothing cross', async () => {
  const Order = z.object({ id: z.string() });
  const registry = defineEvents({ placed: { 1: Order }, paid: { 1: Order }, sent: { 1: Order } });
  const events = new EventBus({ registry });
  await using messages = new InMemoryBus({ maxSubscriptions: 2 });
  const seen: unknown[] = [];
  await messages.subscribe('placed', { group: 'wire' }, ({ data }) => void seen.push(data)).ready;
  const options = { events, messages, registry, publish: ['placed'], subscribe: { group: 'g' } } as const;
  expect(() => new EventBridge({ ...options, receive: ['paid', 'sent'] })).toThrow(/maxSubscriptions/);
  await events.emit('placed', { id: 'o-1' });
  await expect.poll(() => messages.snapshot().subscriptions).toHaveLength(1);
  expect(seen).toEqual([]);
});
