import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseScene } from './database-scene.js';
import { grantLeaks } from './postgres-leaks.js';
import { reachLeaks } from './postgres-reach-leaks.js';
import { serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const scene = new DatabaseScene('owned');
const stranger = `stranger_${process.pid}`;
type Service = Awaited<ReturnType<DatabaseScene['service']>>;
let a: Service;
let b: Service;

describe.skipIf(!there)('the places of two services in one database', () => {
  let admin: string;
  beforeAll(async () => {
    await scene.create();
    scene.forget(stranger);
    await scene.admin.query(`CREATE ROLE ${stranger}`);
    a = await scene.service('orders');
    b = await scene.service('billing');
    admin = (await scene.admin.query('SELECT current_user AS name')).rows[0].name;
  });
  afterAll(() => scene.remove());

  const said = (text: string): string =>
    text
      .replaceAll('$admin', admin)
      .replaceAll('$stranger', stranger)
      .replaceAll('$database', scene.name)
      .replaceAll('$a', a.service)
      .replaceAll('$b', b.service);
  const found = async () => (await a.database.inspectOwnership(scene.admin)).findings;

  it('are their own, as the apps of both see it', async () => {
    expect((await a.database.verifyOwnership()).findings).toEqual([]);
    expect((await b.database.verifyOwnership()).findings).toEqual([]);
  });

  it.each([...grantLeaks, ...reachLeaks])(
    'have a leak that is found by its name, and mended as it says: $name',
    async leak => {
      const { plant, kind, object, role, undo } = leak;
      await scene.admin.query(said(plant));
      const findings = await found();
      const names = findings.map(one => `${one.kind} ${one.object} ${one.role}`);
      const wanted = said(`${kind} ${object} ${role}`);
      expect(names).toContain(wanted);
      await expect(a.database.verifyOwnership(scene.admin)).rejects.toMatchObject({
        code: 'ERR_OWNERSHIP',
        report: { service: a.service, findings },
      });
      const { mend } = findings[names.indexOf(wanted)]!;
      await scene.admin.query(undo === undefined ? mend : said(undo));
      expect(await found()).toEqual([]);
    },
  );
});
