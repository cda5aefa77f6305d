import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/database-driver.js';
import { scramVerifier } from '../../src/adapters/postgres/provision-secret.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { DatabaseScene } from './database-scene.js';
import { serverIsThere } from './postgres-server.js';

const there = await serverIsThere();

describe.skipIf(!there)('a password', () => {
  const secret = 'c0rrect h0rse battery';
  const scenes = new DatabaseScene('secret');
  beforeAll(() => scenes.create());
  afterAll(() => scenes.remove());

  /** All that an error says, its causes and hidden fields included. */
  const all = (error: unknown): string => {
    const parts: string[] = [];
    for (let at = error; at instanceof Error; at = at.cause) {
      parts.push(at.message, String(at.stack), JSON.stringify(Object.getOwnPropertyDescriptors(at)));
    }
    return parts.join('\n');
  };

  it('is sent to no server, but what the server itself would keep of it', async () => {
    const service = `hashed_${process.pid}`;
    scenes.forget(service);
    const sent: string[] = [];
    const heard = new Proxy(scenes.admin, {
      get(target, name) {
        if (name !== 'connect') return Reflect.get(target, name);
        return async () => {
          const connection = await target.connect();
          const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
          const spy = {
            query(...args: unknown[]) {
              sent.push(String(args[0]));
              return query(...args);
            },
          };
          return { ...spy, release: () => connection.release() };
        };
      },
    });
    const made = new ServiceDatabase({ driver: postgresDatabase({ service, client: scenes.admin }) });
    await made.provision(heard, { passwords: { app: secret } });
    const text = sent.join('\n');
    expect(text).toContain(`ALTER ROLE ${service}_app PASSWORD 'SCRAM-SHA-256$4096:`);
    expect(text).not.toContain(secret);
    const { rows } = await scenes.admin.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [
      `${service}_app`,
    ]);
    expect(text).toContain(rows[0].rolpassword);
    await scenes.admin.query(
      `SET password_encryption = 'scram-sha-256'; ALTER ROLE ${service}_app PASSWORD '${secret}'`,
    );
    const kept = await scenes.admin.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [
      `${service}_app`,
    ]);
    const { rolpassword } = kept.rows[0] as { rolpassword: string };
    const salt = Uint8Array.from(Buffer.from(/:([^$]+)\$/.exec(rolpassword)![1]!, 'base64'));
    expect(await scramVerifier(secret, salt)).toBe(rolpassword);
  });

  it('is in no error, whatever fails', async () => {
    const service = `failing_${process.pid}`;
    scenes.forget(service);
    const driver = postgresDatabase({ service, client: scenes.admin });
    const made = new ServiceDatabase({ driver });
    const breaking = {
      query: scenes.admin.query.bind(scenes.admin),
      async connect() {
        const connection = await scenes.admin.connect();
        const query = async (text: string) => {
          if (!text.includes('PASSWORD')) return connection.query(text);
          throw Object.assign(new Error(`syntax error in ${text}`), { code: '42601', query: text });
        };
        return { query, release: () => connection.release() };
      },
    };
    const error = await made.provision(breaking, { passwords: { app: secret } }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_PROVISION', message: expect.stringContaining('***') });
    expect(all(error)).not.toMatch(/SCRAM|c0rrect/);
    for (const passwords of [{ app: `${secret}ü` }, { owner: secret }, { app: 7 as unknown as string }]) {
      const refused = await made.provision(scenes.admin, { passwords }).catch((e: unknown) => e);
      expect(refused).toBeInstanceOf(TypeError);
      expect(all(refused)).not.toContain('c0rrect');
    }
    expect(JSON.stringify(made.describe()) + made.plan().text).not.toContain('c0rrect');
    const { rows } = await scenes.admin.query(`SELECT FROM pg_roles WHERE rolname = '${service}_app'`);
    expect(rows).toEqual([]);
  });
});
