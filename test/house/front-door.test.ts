import { describe, expect, it } from 'vitest';
import { programOf, specifiers } from './program.js';
import { frontDoor } from './rules/front-door.js';

/** Entries that are meant to be named by who wants them: for tests, for what needs Node, for products. */
const products = [
  ...['axios', 'dashboard', 'etcd', 'gateway', 'grpc', 'mariadb', 'mqtt', 'nats', 'nestjs', 'node'],
  ...['observe', 'postgres', 'rabbitmq', 'redis', 'undici'],
];
const apart = ['src/testing.ts', ...products.map(product => `src/${product}.ts`)];
const door = 'src/index.ts';
const rooms = [...specifiers.values()].filter(path => path !== door && !apart.includes(path));

const files = {
  'src/index.ts': "export { open } from './saga/door.js'; export type { Key } from './saga/door.js';",
  'src/saga.ts': "export { open } from './saga/door.js'; export type { Key } from './saga/door.js';",
  'src/saga/door.ts': 'export interface Key { teeth: 1 }\nexport const open = (key: Key) => key;',
};
const says = (text: string) =>
  frontDoor(programOf([door, 'src/saga.ts'], { ...files, 'src/index.ts': text }), door, ['src/saga.ts']);

describe('the front door', () => {
  it('has all that the rooms of this house have', () => {
    expect(rooms).toContain('src/resilience.ts');
    expect(frontDoor(programOf([door, ...rooms]), door, rooms)).toEqual([]);
  });

  it('is whole in the example that the cases break', () => expect(says(files['src/index.ts'])).toEqual([]));

  it.each([
    [
      "export type { Key } from './saga/door.js';",
      'src/index.ts lacks open of src/saga.ts: export it there too',
    ],
    ["export { open } from './saga/door.js';", 'src/index.ts lacks Key of src/saga.ts: export it there too'],
    [
      "export type { Key } from './saga/door.js'; export const open = 1;",
      'src/index.ts has another open than src/saga.ts: rename one of them',
    ],
  ])('is told of when it says %s', (text, message) => expect(says(text)).toEqual([message]));
});
