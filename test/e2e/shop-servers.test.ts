import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { mariadbIsThere } from '../services/mariadb-server.js';
import { poolOf, serverIsThere } from '../services/postgres-server.js';
import { runProgram } from './run-program.js';

const redisUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
/** Buses besides that of the short form: each is a run of its own. */
const buses = process.env['SHOP'] === 'long' ? ['postgres', 'nats', 'rabbitmq', 'mqtt'] : [];

async function redisIsThere(): Promise<boolean> {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: 1, lazyConnect: true });
  client.on('error', () => {});
  try {
    await client.ping();
    return true;
  } catch (error) {
    const why = `skipped: no Redis at ${redisUrl} (REDIS_URL): ${String(error)}`;
    if (process.env['CI'] === 'true') throw new Error(why, { cause: error });
    console.warn(why);
    return false;
  } finally {
    client.disconnect();
  }
}

const there = (await Promise.all([serverIsThere(), mariadbIsThere(), redisIsThere()])).every(Boolean);

interface Document {
  readonly verdict: string;
  readonly broken: readonly string[];
  readonly ledger: { readonly keelson: { readonly done: number } };
}

/** Whatever is on the servers that a shop has made. */
async function leftovers(): Promise<string[]> {
  const pool = poolOf();
  const { rows } = await pool.query(
    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'keelson\\_shop\\_%'",
  );
  await pool.end();
  const redis = new Redis(redisUrl);
  const keys = await redis.keys('*keelson-shop-*');
  redis.disconnect();
  return [...rows.map(({ nspname }) => String(nspname)), ...keys];
}

describe.runIf(there)('the shop on servers', () => {
  it.each(['redis', ...buses])('keeps its books with a bus on %s', { timeout: 300_000 }, async bus => {
    const before = await leftovers();
    const args = ['--json', '--seconds', '10', '--servers', '--bus', bus];
    const { stdout, stderr } = await runProgram('examples/shop/main.mjs', args, 200_000);
    expect(stderr).toBe('');
    const document: Document = JSON.parse(stdout);
    // How soon customers are answered is a matter of the machine; what is in the books is not.
    const timely = ['served', 'wait', 'limit', 'found'];
    expect(document.broken.filter(name => !timely.includes(name))).toEqual([]);
    if (document.verdict !== 'unclear') expect(document.broken).toEqual([]);
    expect(document.ledger.keelson.done).toBeGreaterThan(0);
    expect((await leftovers()).filter(name => !before.includes(name))).toEqual([]);
  });
});
