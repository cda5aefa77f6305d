import { phases, STEP_MS, starts, steps, totalSeconds } from './schedule.mjs';

const MARGIN = 10;
const levels = [...' ▁▂▃▄▅▆▇█'];
const signs = { closed: '─', open: '█', 'half-open': '▒' };

/** Draws the run: a time axis, what the services did, what reached them, and what the breaker made of it. */
export function picture({ changes, services, paint }) {
  const top = 1.2 * typical(services.bare.steps);
  const rows = [
    ['', axis(), 'dim'],
    ['service', band(), 'bold'],
    ['bare', bars(services.bare.steps, top), 'red'],
    ['keelson', bars(services.keelson.steps, top), 'green'],
    ['breaker', states(changes), 'yellow'],
  ];
  return rows.map(([name, text, color]) => name.padEnd(MARGIN) + paint(color, text));
}

export const key = [
  'bars     requests that reached the service, in half seconds',
  'breaker  ─ closed   █ open   ▒ a probe is out',
];

function axis() {
  const marks = [];
  for (let at = 0; at < totalSeconds; at += 5) marks.push(`${at}s`.padEnd(5_000 / STEP_MS));
  return marks.join('').slice(0, steps).trimEnd();
}

function band() {
  return phases
    .map(({ label, seconds }) => `|${label}`.padEnd(Math.round((seconds * 1_000) / STEP_MS)))
    .join('')
    .trimEnd();
}

function typical(counts) {
  return [...counts].sort((a, b) => a - b)[Math.floor(counts.length / 2)] || 1;
}

/** Nothing at all is the only thing that shows as nothing. */
function bars(counts, top) {
  return counts
    .map(count => levels[count === 0 ? 0 : Math.min(8, Math.max(1, Math.round((count / top) * 8)))])
    .join('');
}

/** A probe is over in a moment, but the picture is about it: it wins its column. */
function states(changes) {
  const columns = [];
  for (let step = 0; step < steps; step++) {
    const from = (step * STEP_MS) / 1_000;
    const during = within(changes, from, from + STEP_MS / 1_000);
    const shown = ['half-open', 'open', 'closed'].find(state => during.includes(state)) ?? 'closed';
    columns.push(signs[shown]);
  }
  return columns.join('');
}

/** The state at `from`, and those that began before `to`. */
function within(changes, from, to) {
  const before = changes.findLast(change => change.at <= from);
  const during = changes.filter(change => change.at > from && change.at < to);
  return [before?.state ?? 'closed', ...during.map(change => change.state)];
}

/** The seconds at which phases begin in which the service has recovered. */
export const recoveries = phases.flatMap((phase, place) =>
  place > 0 && phases[place - 1].sick && !phase.sick ? [starts[place]] : [],
);
