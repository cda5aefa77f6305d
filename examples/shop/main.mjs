/** A shop of real processes, and customers who come while it is hurt: with the patterns, and without. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readArguments } from './arguments.mjs';
import { documentOf, printReport } from './report.mjs';
import { open, serveCustomers } from './run.mjs';
import { chaos, timetable } from './schedule.mjs';
import { legend, Screen } from './screen.mjs';
import { keys } from './settings.mjs';

const codes = { kept: 0, broken: 1, unclear: 4 };
/** The exit code, once it is known. */
let code;

// Who reads may go before the end, as `head` does: then stop, as any Unix tool would.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(code ?? 141);
  });
}

const { json, seed, seconds, minutes, watch, off, bus, servers } = readArguments();
const terminal = new Screen(json ? process.stderr : process.stdout);
const screen = json && !terminal.live ? undefined : terminal;
process.on('exit', () => terminal.clear());
const booksOnly = minutes > 0;

function announce() {
  terminal.line(
    minutes > 0
      ? `A shop of thirteen processes, and ${minutes} min of customers and bad luck.`
      : `A shop of thirteen processes, and ${seconds} s of customers who come while it is hurt.`,
  );
  terminal.line('The same customers go to a bare one: fetch, one call after the other.');
  if (off !== undefined) terminal.line(`Switched off: ${off}.`);
  if (terminal.live) terminal.line(terminal.paint('dim', legend));
}

/** One round of customers, and what became of it. */
async function serve(shop, round) {
  const table =
    minutes > 0 ? chaos(minutes * 60, seed, { bus, servers }) : timetable(seconds, { bus, servers });
  const result = await serveCustomers({ shop, table, seed: seed + (round ?? 0), round, screen });
  const document = documentOf(result, { booksOnly });
  code = codes[document.verdict];
  terminal.clear();
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else printReport(result, document, terminal);
}

if (!json) announce();
try {
  const shop = await open({ off, bus, servers, watch, screen });
  if (watch) {
    const url = shop.fleet.url('gateway');
    terminal.line(`The dashboard: ${url}/ops/`);
    terminal.line(`A page: curl -H 'x-api-key: ${keys.customers}' ${url}/pages/tea`);
    terminal.line('Ctrl-C closes the shop.');
    for (let round = 1; ; round++) await serve(shop, round);
  }
  await serve(shop);
  shop.stalls.stop();
  await shop.fleet.stop();
} catch (error) {
  // Ctrl-C ends the children as well: it is what ended them, if it comes now.
  await sleep(100);
  code = 3;
  console.error('the shop could not open:', error.expected ? error.message : error);
}
// What is left of it is ended by the handlers of `exit`.
process.exit(code);
