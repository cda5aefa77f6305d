import { type BusOptions, busOptions, checkBus } from '../../messaging/bus-options.js';
import { createBus } from '../../messaging/driver-bus.js';
import type { MessageBus } from '../../messaging/message-bus.js';
import type { PostgresCapabilities } from './bus-capabilities.js';
import { PostgresDriver } from './bus-driver.js';
import { type PostgresBusOptions, postgresOptions } from './bus-options.js';

const owner = 'postgresBus';

/**
 * A bus over PostgreSQL 13 or later, or over PGlite: durable, in order where that is asked for, and able to
 * publish as a part of a transaction of yours.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { postgresBus } from 'keelson/postgres';
 * import { Pool } from 'pg';
 *
 * const pool = new Pool();
 * pool.on('error', () => {}); // a connection that waits may break: the pool makes a new one
 * const bus = postgresBus({ client: pool });
 * ```
 */
export function postgresBus(options: PostgresBusOptions): MessageBus<PostgresCapabilities> {
  checkBus(owner, options, [...new Set([...busOptions, ...postgresOptions])]);
  const rules: Record<string, unknown> = { name: 'postgres' };
  const parts: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (busOptions.includes(name)) rules[name] = value;
    if (postgresOptions.includes(name)) parts[name] = value;
  }
  return createBus(new PostgresDriver(parts as unknown as PostgresBusOptions, owner), rules as BusOptions);
}
