import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../../src/messaging/capabilities.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { MemoryDriver } from '../../../src/messaging/memory-driver.js';
import { busLaws } from '../../../src/testing/bus-laws.js';

const able: Capabilities = new MemoryDriver(new InMemoryBroker()).capabilities;
const namesOf = (capabilities: Capabilities) =>
  busLaws({ capabilities, driver: () => new MemoryDriver(new InMemoryBroker()) as never }).map(
    ({ name }) => name,
  );

describe('the laws of a bus', () => {
  it('leave out, and do not pass, what a broker lacks altogether', () => {
    const lacking: Partial<Capabilities>[] = [
      ...[
        { order: 'none' as const },
        { extendLease: false },
        { browseDeadLetters: false },
        { fanOut: false },
      ],
      ...[{ redeliverOnCrash: 'same-client' as const }, { maxRecordBytes: Number.POSITIVE_INFINITY }],
      { dealsInTurn: true },
    ];
    const all = namesOf(able);
    const left = lacking.map(lack => {
      const some = namesOf({ ...able, ...lack });
      return all.filter(name => !some.includes(name)).length;
    });
    expect(left).toEqual([2, 2, 5, 3, 1, 1, 1]);
  });
});
