import { describe, it } from 'vitest';
import { InMemoryBroker } from '../../src/messaging/in-memory-broker.js';
import { MemoryDriver } from '../../src/messaging/memory-driver.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

const { capabilities } = new MemoryDriver(new InMemoryBroker());

/** One broker for each clock, and so for each law. */
const brokers = new WeakMap<object, InMemoryBroker>();

describe('the bus in memory, on a virtual clock', () => {
  const laws = busLaws({
    capabilities,
    clock: () => new VirtualClock(),
    driver: clock => {
      const broker = brokers.get(clock) ?? new InMemoryBroker({ clock });
      brokers.set(clock, broker);
      return new MemoryDriver(broker);
    },
  });
  for (const { name, check } of laws) it(name, check, 20_000);
});
