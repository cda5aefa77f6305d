import { checkPromises, verdictOf } from './promises.mjs';

const number = value => Math.round(value).toLocaleString('en').replaceAll(',', ' ');
const ms = value => `${number(value)} ms`;
const euros = cents => `${(cents / 100).toFixed(2)} €`;
const share = (lane, ...ends) => {
  const count = ends.reduce((sum, end) => sum + lane.count(end), 0);
  return count === 0 ? '–' : `${number(count)}  ${((count / lane.sent) * 100).toFixed(1).padStart(4)} %`;
};

/** @type {readonly (readonly [string, (lane: any, tally: import('./ledger.mjs').Tally) => string])[]} */
const rows = [
  ['customers asked', lane => number(lane.sent)],
  ['  answered', lane => share(lane, 'answered')],
  ['  answered in part', lane => share(lane, 'partial')],
  ['  refused', lane => share(lane, 'refused')],
  ['  failed', lane => share(lane, 'failed')],
  ['  left without an answer', lane => share(lane, 'left')],
  ['wait of a customer, p50', lane => ms(lane.waitMs(0.5))],
  ['wait of a customer, p99', lane => ms(lane.waitMs(0.99))],
  ['longest wait', lane => ms(lane.waitMs(1))],
  ['orders done', (_lane, { done }) => number(done)],
  ['  undone', (_lane, { undone }) => number(undone)],
  ['  half done', (_lane, { half }) => number(half)],
  ['  charged or reserved twice', (_lane, { twice }) => number(twice)],
  ['money charged', (_lane, { chargedCents }) => euros(chargedCents)],
  ['  for what was done', (_lane, { dueCents }) => euros(dueCents)],
  ['units off the shelf', (_lane, { taken }) => number(taken)],
  ['mails', (_lane, { mails }) => number(mails)],
  ['  orders without one', (_lane, { mailless }) => number(mailless)],
];

/** The end of the shop for people. */
export function printReport(run, { verdict, broken, promises, stallMs }, screen) {
  const line = (name, left, right) => `  ${name.padEnd(34)}${left.padStart(18)}${right.padStart(18)}`;
  const heard = ({ repeats }) => number(repeats);
  screen.line();
  screen.line(screen.paint('bold', line('', 'bare fetch', 'keelson')));
  for (const [name, cell] of rows) {
    screen.line(line(name, cell(run.bare, run.tallies.bare), cell(run.keelson, run.tallies.keelson)));
  }
  screen.line(line('calls known as repeated', '–', heard(run.books.payments)));
  screen.line(line('messages known as repeated', '–', heard(run.books.notifications)));
  screen.line(line('orders taken over', '–', number(run.takenOver)));
  screen.line();
  for (const { says, kept, measured } of promises) {
    screen.line(`  ${kept ? screen.paint('green', 'kept  ') : screen.paint('red', 'BROKEN')}  ${says}:`);
    screen.line(`          ${measured}`);
  }
  screen.line();
  if (verdict === 'kept')
    screen.line(`All promises are kept. It took ${(run.totalMs / 1_000).toFixed(0)} s.`);
  else screen.line(screen.paint('red', `Broken: ${broken.join(', ')}.`));
  if (verdict === 'unclear') {
    screen.line(`But this machine stood still for ${ms(stallMs)}: try again when it is less busy.`);
  }
}

/** The same for programs. */
export function documentOf(run, options) {
  const promises = checkPromises(run, options);
  return {
    verdict: verdictOf(promises, run.stallMs),
    broken: promises.filter(({ kept }) => !kept).map(({ name }) => name),
    off: run.off ?? null,
    seed: run.seed,
    seconds: run.seconds,
    startMs: Math.round(run.startMs),
    totalMs: Math.round(run.totalMs),
    stallMs: Math.round(run.stallMs),
    processes: run.processes,
    customers: { bare: customers(run.bare), keelson: customers(run.keelson) },
    ledger: run.tallies,
    takenOver: run.takenOver,
    repeats: { calls: run.books.payments.repeats, messages: run.books.notifications.repeats },
    events: run.events.map(({ at, what }) => ({ at: Number(at.toFixed(1)), what })),
    promises,
  };
}

function customers(lane) {
  const ends = ['answered', 'partial', 'refused', 'failed', 'left'];
  const round = value => Number(value.toFixed(1));
  return {
    asked: lane.sent,
    ...Object.fromEntries(ends.map(end => [end, lane.count(end)])),
    p50Ms: round(lane.waitMs(0.5)),
    p99Ms: round(lane.waitMs(0.99)),
    maxMs: round(lane.waitMs(1)),
  };
}
