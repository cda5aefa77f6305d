import { refuse } from '../kernel/options.js';
import { IdSeries } from '../kernel/random.js';
import { type BusOptions, busDefaults, busOptions, checkBus } from './bus-options.js';
import { DriverBus } from './driver-bus.js';
import { InMemoryBroker } from './in-memory-broker.js';
import { type MemoryCapabilities, MemoryDriver } from './memory-driver.js';

/** How an `InMemoryBus` is made. */
export interface InMemoryBusOptions extends Omit<BusOptions, 'name'> {
  /** Shown in errors, events and `describe()`. @default 'memory' */
  readonly name?: string;
  /**
   * Hands the published data itself to handlers, in place of a copy for each: several times as fast, but what
   * a handler changes in it the publisher and the other handlers see, and what no codec could write gets
   * through. On a `broker` that is shared, both sides have to say so: a bus that does not gets a copy of what
   * it consumes, made when it is handled, and what cannot be copied becomes a dead letter.
   * @default false
   */
  readonly passByReference?: boolean;
  /** What it shares with the buses of other services; it has its own `clock`. @default one of its own */
  readonly broker?: InMemoryBroker;
}

const defaults: typeof busDefaults & { readonly passByReference: boolean } = /* @__PURE__ */ Object.freeze({
  ...busDefaults,
  name: 'memory',
  passByReference: false,
});

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
    const { broker, passByReference = defaults.passByReference, ...own } = options ?? {};
    const rules = checkBus(owner, options === null ? options : own, busOptions);
    if (broker !== undefined && typeof broker?.groupFor !== 'function') {
      refuse(owner, 'broker', 'an InMemoryBroker', broker);
    }
    if (typeof passByReference !== 'boolean') refuse(owner, 'passByReference', 'a boolean', passByReference);
    const clock = own.clock ?? broker?.clock ?? rules.clock;
    const name = own.name ?? defaults.name;
    super(new MemoryDriver(broker ?? new InMemoryBroker({ clock })), {
      ...rules,
      clock,
      name,
      passByReference,
      // Whoever could guess them is in this process.
      ids: new IdSeries(),
    });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }
}
