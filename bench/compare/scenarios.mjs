import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('scenarios/', import.meta.url);

/** By number: C1, C2, ... O12. */
export const scenarios = () =>
  readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
    .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));

export const subjects = {
  keelson: async () => {
    const [front, testing, { keelson }] = await Promise.all([
      import('../../dist/index.js'),
      import('../../dist/testing.js'),
      import('./subjects/keelson.mjs'),
    ]);
    return keelson({ ...front, ...testing });
  },
  'cockatiel 3.2.1': async () =>
    (await import('./subjects/cockatiel.mjs')).cockatiel(() => import('cockatiel')),
  'cockatiel 4.0.0': async () =>
    (await import('./subjects/cockatiel.mjs')).cockatiel(() => import('cockatiel4')),
  'opossum 10.0.0': async () => (await import('./subjects/opossum.mjs')).opossum(),
};
