import { STEP_MS } from './schedule.mjs';

/** How many pixels each part of a picture takes from top to bottom. */
export const height = { calls: 132, bars: 92, strip: 34, times: 20, legend: 26 };

const words = {
  answered: 'answered',
  fallback: 'by the fallback',
  rejected: 'rejected at once',
  failed: 'failed',
};
const waits = [1, 10, 100, 1_000, 10_000];
const label = ms => (ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`);
const short = value => Number(value.toFixed(1));

/**
 * @param {any} text
 * @param {{ as?: string, anchor?: string, bold?: boolean }} [look]
 */
function say(x, y, text, look = {}) {
  const { as = 'dim', anchor, bold } = look;
  const more = `${anchor ? ` text-anchor="${anchor}"` : ''}${bold ? ' font-weight="600"' : ''}`;
  return `<text class="${as}" x="${short(x)}" y="${short(y)}"${more}>${text}</text>`;
}

const heading = (x, y, text) => say(x, y, text, { as: 'ink', bold: true });
const rule = (left, y, right) => `<path class="grid" d="M${left} ${short(y)}H${right}"/>`;

function box(as, x, y, wide, tall) {
  const size = `width="${short(wide)}" height="${short(tall)}"`;
  return `<rect class="${as}" x="${short(x)}" y="${short(y)}" ${size}/>`;
}

/** A shape for each end, so that colour is not all that tells them apart; drawn from its middle. */
const shapes = {
  answered: 'h0',
  fallback: 'm0-3.4l3.4 3.4-3.4 3.4-3.4-3.4z',
  rejected: 'm0-3.2l3.2 5.6h-6.4z',
  failed: 'm-2.6-2.6l5.2 5.2m0-5.2l-5.2 5.2',
};

/** All marks of one end are one path: a picture of a thousand calls stays small. */
function mark(end, points) {
  if (points.length === 0) return '';
  const path = points.map(([x, y]) => `M${short(x)} ${short(y)}${shapes[end]}`).join('');
  return `<path class="${end}" d="${path}"/>`;
}

/** Each call of a client: when it was made, how long its caller waited, and how it ended. */
export function calls({ from, to, left, right, x, top, name, entries, chosen }) {
  const [low, high] = [top + height.calls - 12, top + 26];
  const y = ms => low - (Math.log10(Math.max(1, ms)) / 4) * (low - high);
  const grid = waits.flatMap(ms => [
    rule(left, y(ms), right),
    say(left - 8, y(ms) + 4, label(ms), { anchor: 'end' }),
  ]);
  const seen = entries.filter(({ at }) => at >= from && at < to);
  const pointsOf = ending =>
    seen.filter(({ end }) => end === ending).map(({ at, waitMs }) => [x(at), y(waitMs)]);
  return [
    heading(left, top + 16, name),
    say(right, top + 16, figures(entries.filter(chosen)), { anchor: 'end' }),
    ...grid,
    ...Object.keys(words).map(end => mark(end, pointsOf(end))),
  ].join('\n');
}

/** How the calls of the trouble ended, in words. */
function figures(entries) {
  const counts = Object.keys(words)
    .map(end => ({ count: entries.filter(entry => entry.end === end).length, word: words[end] }))
    .filter(({ count }) => count > 0)
    .map(({ count, word }) => `${count} ${word}`);
  const longest = Math.round(Math.max(0, ...entries.map(({ waitMs }) => waitMs)));
  return `${counts.join(' · ')} · longest wait ${longest.toLocaleString('en').replaceAll(',', ' ')} ms`;
}

/** How many requests reached the service of each client, in steps of time. */
export function bars({ from, to, left, right, x, top, services }) {
  const low = top + height.bars - 8;
  const lanes = { bare: services.bare.steps, keelson: services.keelson.steps };
  const most = Math.max(1, ...lanes.bare, ...lanes.keelson);
  const y = count => low - (count / most) * (height.bars - 34);
  const step = STEP_MS / 1_000;
  const wide = (x(step) - x(0)) / 2;
  const bar = (lane, place, count) => {
    const begins = x(place * step) + (lane === 'bare' ? 0 : wide);
    const [start, end] = [Math.max(left, begins), Math.min(right, begins + wide - 0.6)];
    return end > start ? box(lane, start, y(count), end - start, low - y(count)) : '';
  };
  const all = Object.entries(lanes).flatMap(([lane, counts]) =>
    counts.map((count, place) => {
      const outside = place * step + step <= from || place * step >= to;
      return count === 0 || outside ? '' : bar(lane, place, count);
    }),
  );
  return [
    heading(left, top + 14, 'requests that reach the service, in half seconds'),
    rule(left, low, right),
    say(left - 8, y(most) + 4, most, { anchor: 'end' }),
    ...swatch('bare', right - 150, top, 'bare fetch'),
    ...swatch('keelson', right - 60, top, 'keelson'),
    ...all.filter(Boolean),
  ].join('\n');
}

const swatch = (as, x, top, text) => [box(as, x, top + 5, 10, 10), say(x + 14, top + 14, text)];

/** The states of the breaker over time. A probe is over in a moment and must be seen all the same. */
export function breakerStrip({ from, to, left, right, x, top, changes }) {
  const spans = changes.map(({ at, state }, place) => ({ at, state, until: changes[place + 1]?.at ?? to }));
  const order = ['closed', 'open', 'half-open'];
  const rects = spans
    .filter(({ at, until }) => until > from && at < to)
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .map(({ at, state, until }) => {
      const [start, end] = [Math.max(left, x(at)), Math.min(right, x(until))];
      return box(state, start, top + 8, Math.max(state === 'half-open' ? 3 : 0, end - start), 14);
    });
  return [say(left - 8, top + 19, 'breaker', { as: 'ink', anchor: 'end' }), ...rects].join('\n');
}

export function times({ from, to, x, top }) {
  const every = to - from > 15 ? 5 : 1;
  const marks = [];
  for (let at = Math.ceil(from / every) * every; at <= to; at += every) {
    marks.push(say(x(at), top + 12, `${at} s`, { anchor: 'middle' }));
  }
  return marks.join('\n');
}

export function legend({ left, top }) {
  const ends = Object.entries(words).flatMap(([end, word], place) => {
    const at = left + place * 118;
    return [mark(end, [[at, top + 10]]), say(at + 8, top + 14, word)];
  });
  const states = ['closed', 'open', 'half-open'];
  return [
    ...ends,
    ...states.flatMap((state, place) => swatch(state, left + 466 + place * 62, top, state)),
  ].join('\n');
}
