import { getHeapSnapshot } from 'node:v8';
import { table } from '../harness/table.mjs';
import { idleBreaker } from '../subjects/keelson.mjs';

const COUNT = 20_000;

/** How many objects of each name are alive, and their own bytes. */
async function census() {
  let text = '';
  for await (const piece of getHeapSnapshot()) text += piece;
  const { snapshot, nodes, strings } = JSON.parse(text);
  const fields = snapshot.meta.node_fields;
  const [type, name, size] = ['type', 'name', 'self_size'].map(field => fields.indexOf(field));
  const types = snapshot.meta.node_types[type];
  const found = new Map();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[nodes[at + type]];
    const key = kind === 'closure' ? 'closures' : kind === 'number' ? 'numbers' : strings[nodes[at + name]];
    const entry = found.get(key) ?? { count: 0, bytes: 0 };
    entry.count++;
    entry.bytes += nodes[at + size];
    found.set(key, entry);
  }
  return found;
}

function grown(before, after) {
  const rows = [];
  for (const [subject, { count, bytes }] of after) {
    const more = bytes - (before.get(subject)?.bytes ?? 0);
    const each = (count - (before.get(subject)?.count ?? 0)) / COUNT;
    // Less than a byte for each is of the census itself.
    if (more / COUNT >= 1) rows.push({ group: 'heap', subject, each, bytes: more / COUNT });
  }
  return rows.sort((a, b) => b.bytes - a.bytes);
}

async function measure() {
  const make = await idleBreaker.load();
  if (make === undefined) return { rows: [], lines: [], notes: [idleBreaker.missing], failures: [] };
  await make.call(make.create());
  const instances = Array.from({ length: COUNT });
  await census();
  const empty = await census();
  for (let i = 0; i < COUNT; i++) instances[i] = make.create();
  const idle = await census();
  for (const instance of instances) await make.call(instance);
  const used = await census();
  const steps = { 'as constructed': grown(empty, idle), 'more after a call': grown(idle, used) };
  const lines = Object.entries(steps).flatMap(([title, rows]) => [
    title,
    ...table(
      ['objects', 'of each', 'B each'],
      rows.map(row => [row.subject, row.each.toFixed(1), row.bytes.toFixed(0)]),
    ),
    `${rows.reduce((sum, row) => sum + row.bytes, 0).toFixed(0)} B`,
  ]);
  return { rows: Object.values(steps).flat(), lines, notes: [`of ${instances.length}`], failures: [] };
}

export const group = {
  name: 'heap',
  title: 'what an idle breaker with a count window of 100 holds',
  measure,
};
