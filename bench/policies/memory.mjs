import { inChild } from '../harness/fork.mjs';
import { short, table } from '../harness/table.mjs';
import { idleBreaker as bound } from '../subjects/bound.mjs';
import { idleBreaker as cockatiel } from '../subjects/cockatiel.mjs';
import { idleBreaker as keelson } from '../subjects/keelson.mjs';
import { idleBreaker as opossum } from '../subjects/opossum.mjs';

const atMost = 350;

async function measure(file, settings) {
  const notes = [];
  const rows = [];
  for (const subject of group.subjects) {
    if (subject.missing !== undefined) {
      notes.push(`${subject.name} left out: ${subject.missing}`);
      continue;
    }
    const { count, bytes, bytesAfterCall } = await inChild(file, 'memory', subject.name, settings);
    const { timers, types } = await inChild(file, 'timers', subject.name, settings);
    rows.push({
      group: group.name,
      subject: subject.name,
      instances: count,
      bytes,
      bytesAfterCall,
      timers,
      types,
    });
  }
  return { rows, lines: [...asTable(rows), ...verdict(rows)], notes, failures: [] };
}

const asTable = rows =>
  table(
    ['subject', 'instances', 'B each', 'B each after a call', 'timers and handles each'],
    rows.map(row => [
      row.subject,
      row.instances,
      short(row.bytes),
      short(row.bytesAfterCall),
      `${row.timers} ${row.types.join(' ')}`,
    ]),
  );

const mark = holds => (holds ? 'pass' : 'MISS');

function verdict(rows) {
  const ours = rows.find(row => row.subject === 'keelson');
  if (ours === undefined) return [];
  const used = ours.bytesAfterCall;
  return [
    `${mark(ours.bytes <= atMost)}  idle: ${short(ours.bytes)} B, at most ${atMost} B`,
    `${mark(used <= atMost)}  after a call: ${short(used)} B, at most ${atMost} B`,
    `${mark(ours.timers === 0)}  ${ours.timers} timers, none wanted`,
  ];
}

export const group = {
  name: 'memory',
  title: 'an idle breaker with a count window of 100: heap and external bytes that stay alive',
  subjects: [keelson, bound, ...cockatiel, opossum],
  measure,
};
