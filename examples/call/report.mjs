import { checkPromises, peak, sickLoad, verdictOf } from './promises.mjs';
import { phases, starts, totalSeconds } from './schedule.mjs';
import { key, picture } from './timeline.mjs';

const number = value => Math.round(value).toLocaleString('en').replaceAll(',', ' ');
const ms = value => `${number(value)} ms`;

/** @type {readonly (readonly [string, (lane: import('./ledger.mjs').Ledger, service: any) => string])[]} */
const rows = [
  ['calls made', lane => number(lane.sent)],
  ['answered', lane => share(lane, lane.counts.answered + lane.counts.fallback)],
  ['  of these by the fallback', lane => share(lane, lane.counts.fallback)],
  ['failed', lane => share(lane, lane.counts.failed)],
  ['rejected fast', lane => share(lane, lane.counts.rejected)],
  ['wait of a caller, p50', lane => ms(lane.waitMs(0.5))],
  ['wait of a caller, p99', lane => ms(lane.waitMs(0.99))],
  ['longest wait', lane => ms(lane.waitMs(1))],
  ['wait of the rejected, p50', lane => (lane.counts.rejected ? ms(rejectedWait(lane)) : '–')],
  ['calls that reached the sick service', (_lane, service) => number(sickLoad(service))],
  ['most calls at once at the service', (_lane, service) => number(peak(service))],
];

const rejectedWait = lane => lane.waitMs(0.5, ({ end }) => end === 'rejected');

function share(lane, count) {
  return count === 0 ? '–' : `${number(count)}  ${((count / lane.sent) * 100).toFixed(1).padStart(4)} %`;
}

/** The end of the demo for people. */
export function printReport(run, { verdict, broken, promises, stallMs }, screen) {
  const { bare, keelson, services } = run;
  const line = (name, left, right) => `  ${name.padEnd(38)}${left.padStart(16)}${right.padStart(16)}`;
  screen.line();
  screen.line(screen.paint('bold', line('', 'bare fetch', 'keelson')));
  for (const [name, cell] of rows) {
    screen.line(line(name, cell(bare, services.bare), cell(keelson, services.keelson)));
  }
  screen.line();
  for (const text of picture({ ...run, paint: (color, text) => screen.paint(color, text) }))
    screen.line(text);
  for (const text of key) screen.line(screen.paint('dim', text));
  screen.line();
  for (const text of sagaTable(run)) screen.line(text);
  screen.line();
  for (const { says, kept, measured } of promises) {
    const mark = kept ? screen.paint('green', 'kept  ') : screen.paint('red', 'BROKEN');
    screen.line(`  ${mark}  ${says}: ${measured}`);
  }
  screen.line();
  if (verdict === 'kept') screen.line('All promises are kept.');
  else screen.line(screen.paint('red', `Broken: ${broken.join(', ')}.`));
  if (verdict === 'unclear') {
    screen.line(`But this machine stood still for ${ms(stallMs)}: run the demo again when it is less busy.`);
  }
}

/** What became of the orders, by the books of the services. */
function sagaTable({ saga, without }) {
  const cells = [
    ['orders over three services', number(saga.orders)],
    ['  done', number(saga.completed)],
    ['  undone', number(saga.undone)],
    ['  half done', number(saga.halfDone)],
    ['effects that were had twice', number(saga.twice)],
    ['calls recognised as repeated', number(saga.repeats)],
    ['taken over from the dead worker', number(saga.takenOver)],
    ['longest wait for that', saga.takenOver === 0 ? '–' : ms(saga.takeoverMs)],
  ];
  const head = `  ${''.padEnd(38)}${(without === 'saga' ? 'no saga' : 'saga').padStart(16)}`;
  return [head, ...cells.map(([name, cell]) => `  ${name.padEnd(38)}${cell.padStart(16)}`)];
}

/** The same for programs. */
export function documentOf(run) {
  const { bare, keelson, services, changes, seed, without, stallMs } = run;
  const { stallMs: _, ...saga } = run.saga;
  const made = checkPromises(run);
  return {
    verdict: verdictOf(made, stallMs),
    broken: made.filter(({ kept }) => !kept).map(({ name }) => name),
    seed,
    without: without ?? null,
    seconds: totalSeconds,
    stallMs: Math.round(stallMs),
    clients: { bare: client(bare, services.bare), keelson: client(keelson, services.keelson) },
    phases: phases.map(({ mood, sick = false }, place) => ({
      mood,
      sick,
      startsAt: starts[place],
      requests: {
        bare: services.bare.phases[place].requests,
        keelson: services.keelson.phases[place].requests,
      },
    })),
    saga,
    breaker: changes.map(({ at, state }) => ({ at: Number(at.toFixed(3)), state })),
    promises: made,
  };
}

function client(lane, service) {
  const { sent, counts } = lane;
  const round = value => Number(value.toFixed(1));
  return {
    sent,
    ...counts,
    p50Ms: round(lane.waitMs(0.5)),
    p99Ms: round(lane.waitMs(0.99)),
    maxMs: round(lane.waitMs(1)),
    sickRequests: sickLoad(service),
    peak: peak(service),
    charged: service.booked,
    chargedTwice: service.twice,
  };
}
