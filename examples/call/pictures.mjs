import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bars, breakerStrip, calls, height, legend, times } from './picture-parts.mjs';
import { phases, starts, totalSeconds } from './schedule.mjs';

const WIDTH = 760;
/** The height of the title. */
const HEAD = 34;
/** What is seen of the time before and after a phase. */
const BEFORE_S = 0.6;
const AFTER_S = 1.2;

const light = {
  fills: {
    ...{
      paper: '#fff',
      ink: '#1f2328',
      dim: '#59636e',
      band: '#f6f1e4',
      bare: '#8c959f',
      keelson: '#1a7f37',
    },
    ...{
      fallback: '#0969da',
      rejected: '#bc4c00',
      open: '#cf222e',
      'half-open': '#bf8700',
      closed: '#9bc8a6',
    },
  },
  strokes: { grid: '#d1d9e0', answered: '#1a7f37', failed: '#cf222e' },
};
const dark = {
  fills: {
    ...{
      paper: '#0d1117',
      ink: '#e6edf3',
      dim: '#9198a1',
      band: '#211d12',
      bare: '#6e7681',
      keelson: '#3fb950',
    },
    ...{
      fallback: '#58a6ff',
      rejected: '#f0883e',
      open: '#f85149',
      'half-open': '#d29922',
      closed: '#2c5a37',
    },
  },
  strokes: { grid: '#30363d', answered: '#3fb950', failed: '#f85149' },
};

const rulesOf = ({ fills, strokes }) =>
  [
    ...Object.entries(fills).map(([name, colour]) => `.${name}{fill:${colour}}`),
    ...Object.entries(strokes).map(([name, colour]) => `.${name}{stroke:${colour}}`),
  ].join('');

const style = [
  'svg{font:12px system-ui,sans-serif}.answered{stroke-width:4.4;stroke-linecap:round}',
  '.failed{stroke-width:1.6;fill:none}',
  rulesOf(light),
  `@media(prefers-color-scheme:dark){${rulesOf(dark)}}`,
].join('');

/** Writes a picture of each trouble of the run, and one of all of it; returns their names. */
export function writePictures(folder, run) {
  mkdirSync(folder, { recursive: true });
  const all = [['whole-run', draw(run, { from: 0, to: totalSeconds, title: 'The whole run' })]];
  for (const [place, phase] of phases.entries()) {
    if (phase.mood !== 'well') all.push([phase.mood, drawPhase(run, place)]);
  }
  for (const [name, svg] of all) writeFileSync(join(folder, `${name}.svg`), svg);
  return all.map(([name]) => `${name}.svg`);
}

function drawPhase(run, place) {
  const from = Math.max(0, starts[place] - BEFORE_S);
  const to = Math.min(totalSeconds, starts[place + 1] + AFTER_S);
  return draw(run, { from, to, place, title: `The service: ${phases[place].about}` });
}

/**
 * One picture: what callers saw, what reached the service, what the breaker made of it.
 *
 * @param {any} run
 * @param {{ from: number, to: number, title: string, place?: number }} what
 */
function draw({ bare, keelson, services, changes }, { from, to, title, place }) {
  const frame = { from, to, left: 96, right: WIDTH - 16 };
  const x = at => frame.left + ((at - from) / (to - from)) * (frame.right - frame.left);
  const chosen = place === undefined ? () => true : ({ phase }) => phase === place;
  const made = { ...frame, x, chosen };
  const band = bandOf(x, place);
  let top = HEAD;
  const below = (part, tall, facts) => {
    const drawn = part({ ...made, ...facts, top });
    top += tall;
    return drawn;
  };
  const parts = [
    below(calls, height.calls, { name: 'bare fetch', entries: bare.entries }),
    below(calls, height.calls, { name: 'keelson', entries: keelson.entries }),
    below(bars, height.bars, { services }),
    below(breakerStrip, height.strip, { changes }),
    below(times, height.times),
    below(legend, height.legend),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" role="img"`,
    ` width="${WIDTH}" height="${top}">`,
    `<title>${title}</title><style>${style}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${top}" rx="8"/>${band(top - height.legend)}`,
    `<text class="ink" x="16" y="22" font-size="14" font-weight="600">${title}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** The time of the trouble, behind everything else; of a whole run, all times in which it is not well. */
function bandOf(x, place) {
  const places =
    place === undefined ? [...phases.keys()].filter(each => phases[each].mood !== 'well') : [place];
  const bands = places.map(each => [x(starts[each]), x(starts[each + 1])]);
  return bottom =>
    bands
      .map(([from, to]) => {
        const wide = (to - from).toFixed(1);
        const size = `width="${wide}" height="${bottom - HEAD}"`;
        return `<rect class="band" x="${from.toFixed(1)}" y="${HEAD}" ${size}/>`;
      })
      .join('');
}
