import { checkNumber } from '../kernel/options.js';
import { type BusOptions, busDefaults, busOptions, checkBus } from './bus-options.js';
import { DriverBus } from './driver-bus.js';
import { type MemoryCapabilities, MemoryDriver } from './memory-driver.js';

/** How an `InMemoryBus` is made: what it keeps is bounded. */
export interface InMemoryBusOptions extends BusOptions {
  /** The messages before one group; publishing fails when one has so many. @default 100000 */
  readonly maxBacklog?: number;
  /** The dead letters of one group; when there are so many, messages come again instead. @default 10000 */
  readonly maxDeadLetters?: number;
  /** The latest messages that a group which starts at `earliest` gets; 0 for none. @default 1000 */
  readonly retain?: number;
  /** The latest ids by which a message is known again; 0 for none. @default 10000 */
  readonly dedupeIds?: number;
  /** The largest message, headers and body together, in bytes. @default 1048576 */
  readonly maxRecordBytes?: number;
}

const defaults: typeof busDefaults & {
  readonly maxBacklog: number;
  readonly maxDeadLetters: number;
  readonly retain: number;
  readonly dedupeIds: number;
  readonly maxRecordBytes: number;
} = /* @__PURE__ */ Object.freeze({
  ...busDefaults,
  name: 'memory',
  maxBacklog: 100_000,
  maxDeadLetters: 10_000,
  retain: 1_000,
  dedupeIds: 10_000,
  maxRecordBytes: 1_048_576,
});

const known = [...['maxBacklog', 'maxDeadLetters', 'retain', 'dedupeIds', 'maxRecordBytes']];

/**
 * A bus in the memory of the process, with all that a broker does: groups, leases, delays, order, redelivery,
 * dead letters. For tests, on a virtual clock too, and for first steps; what it holds ends with the process.
 *
 * @example
 * ```ts
 * import { InMemoryBus, topic } from 'keelson/messaging';
 *
 * const placed = topic<{ cents: number }>('orders.placed');
 * const bus = new InMemoryBus();
 * const seen: number[] = [];
 * const billing = bus.subscribe(placed, { group: 'billing' }, ({ data }) => void seen.push(data.cents));
 * await billing.ready;
 * await bus.publish(placed, { cents: 300 });
 * await bus.close();
 * seen; // => [300]
 * ```
 */
export class InMemoryBus extends DriverBus<MemoryCapabilities> {
  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryBusOptions = {}) {
    const owner = 'InMemoryBus';
    const rules = checkBus(owner, options, [...busOptions, ...known]);
    const all = { ...defaults, ...options };
    const { maxBacklog, maxDeadLetters, retain, dedupeIds, maxRecordBytes } = all;
    for (const [option, value, min] of [
      ['maxBacklog', maxBacklog, 1],
      ['maxDeadLetters', maxDeadLetters, 0],
      ['retain', retain, 0],
      ['dedupeIds', dedupeIds, 0],
      ['maxRecordBytes', maxRecordBytes, 1],
    ] as const) {
      checkNumber(owner, option, value, { min, max: 2 ** 30, integer: true });
    }
    const bounds = { maxBacklog, maxDeadLetters, retain, dedupeIds, maxRecordBytes };
    super(new MemoryDriver(rules.clock, bounds), { ...rules, name: options.name ?? defaults.name });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }
}
