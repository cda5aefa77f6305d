import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from './run-program.js';

/** What each example must print, line by line. */
const prints: Readonly<Record<string, readonly RegExp[]>> = {
  'wrap-a-call.mjs': [/^12 × tea, after 3 requests$/],
  'gateway.mjs': [
    /^without a key: 401$/,
    /^with it: \{"path":"\/items\/tea","inStock":12\} after 2 requests$/,
    /^a page of both: \{"stock":\{"path":"\/items\/tea","inStock":12\},"price":\{"eur":4.5\}\}$/,
    /^a trick: 400$/,
  ],
  'gateway-config.mjs': [
    /^from a service: \{"path":"\/items\/tea"\}$/,
    /^a page: \{"item":\{"path":"\/items\/tea"\},"tips":\[\]\}$/,
    /^a reply: hello$/,
    /^wrong: routes\[0\]\.limitz is unknown; did you mean `limits`\? \(line 2, column 31\)$/,
  ],
  'gateway-https.mjs': [/^200 hello, by h2, from first$/, /^200 hello, by h2, from second$/],
  'breaker-permits.mjs': [
    /^no paper$/,
    /^ {2}opened: consecutiveFailures$/,
    /^no paper$/,
    /^ERR_CIRCUIT_OPEN$/,
    /^ {2}closed$/,
    /^printed four$/,
  ],
  'bulkhead-per-dependency.mjs': [
    /^the fourth search: ERR_BULKHEAD_FULL$/,
    /^paid 7 €$/,
    /^search: 2 running, 1 waiting$/,
    /^results for tea$/,
    /^results for pot$/,
    /^results for cup$/,
  ],
  'retry-budget.mjs': [
    /^without a budget: 100 calls, 300 requests$/,
    /^with a budget: 100 calls, 11[45] requests$/,
    /^reads gave up: 4\d for the budget, \d after three attempts$/,
    /^an error that tells of its attempts: HTTP 500, 3 attempts$/,
  ],
  'timeouts.mjs': [
    /^a timeout for each attempt/,
    /^ {2}attempt 1: attempt: no answer within 100 ms$/,
    /^found$/,
    /^a total outside as well/,
    /^ERR_TIMEOUT, \d attempts$/,
    /^less time for this one call:$/,
    /^ERR_TIMEOUT$/,
  ],
  'resilient-fetch.mjs': [
    /^200 GET \/stock, request 2$/,
    /^503 POST \/orders, request 1$/,
    /^200 POST \/invoices, request 2$/,
    /^503 GET \/down, request 3$/,
    /^ERR_CIRCUIT_OPEN$/,
    /^the breaker of this origin is open$/,
  ],
  'undici.mjs': [
    /^200 request 3$/,
    /^broken off: UND_ERR_SOCKET, after 1 request$/,
    /^503 request 1$/,
    /^the breaker is closed$/,
  ],
  'grpc.mjs': [
    /^tea: \{"inStock":12,"callsBefore":"2"\}$/,
    /^ghost: NOT_FOUND, by gRPC$/,
    /^coffee: DEADLINE_EXCEEDED, by (ERR_TIMEOUT|gRPC)$/,
    /^tea: UNAVAILABLE, by ERR_CIRCUIT_OPEN$/,
  ],
  'observe.mjs': [
    /^payments: circuit-breaker opened$/,
    /^keelson_calls_total\{service="shop",name="payments",outcome="success"\} 1$/,
    /^keelson_calls_total\{service="shop",name="payments",outcome="failure"\} 3$/,
    /^keelson_calls_rejected_total\{service="shop",name="payments",code="ERR_CIRCUIT_OPEN"\} 2$/,
    /^keelson_circuit_breaker_state\{service="shop",name="payments",state="open"\} 1$/,
  ],
  'dashboard.mjs': [
    /^circuit-breaker: payments$/,
    /^bulkhead: search$/,
    /^payments is open by consecutiveFailures: /,
    /^opened × 1, rejected × 1$/,
    /^somebody here: breaker.reset circuit-breaker\/payments, done$/,
    /^200 closed$/,
  ],
  'own-guard.mjs': [
    /^an answer$/,
    /^under way: 1$/,
    /^ERR_TIMEOUT$/,
    /^ERR_MAINTENANCE$/,
    /^under way: 0, ended well: 1, badly: 2$/,
  ],
  'discover.mjs': [
    /^two: a 6,b 6$/,
    /^one of them is dead: b 12$/,
    /^another has come, and one has left: c 12$/,
    /^known: a,c$/,
  ],
  'aggregate.mjs': [
    /^an order of 7, sunny in Bonn$/,
    /^reviews failed reviews are down, offers timeout ERR_TIMEOUT$/,
    /^reviews failed reviews are down, offers timeout ERR_TIMEOUT$/,
    /^reviews refused ERR_CIRCUIT_OPEN, offers timeout ERR_TIMEOUT$/,
  ],
  'bus-rabbitmq.mjs': [
    /^7 was billed by delivery 1$/,
    /^13 was billed by delivery 2$/,
    /^20 was billed by delivery 1$/,
    /^set aside: RangeError: a negative total, after 2 deliveries$/,
  ],
  'bus-moves.mjs': [/^in memory: 13, 7$/, /^(over Redis: 13, 7|no Redis to move to: .*)$/],
  'bus-redis.mjs': [
    /^ann: 13 \(delivery 2\), 7 \(delivery 1\)$/,
    /^bob: 20 \(delivery 1\)$/,
    /^set aside, of bob: RangeError: a negative total, after 2 deliveries$/,
  ],
  'bus-nats.mjs': [
    /^known again: b$/,
    /^set aside: 5000, a total that somebody has to look at$/,
    /^billed: 13 \(delivery 2\), 5000 \(delivery 1\), 7 \(delivery 1\)$/,
    /^audited: 7, 13, 5000$/,
  ],
  'bus-mqtt.mjs': [
    /^home\.kitchen\.temperature: 20 °C, delivery 1$/,
    /^home\.kitchen\.temperature: 21 °C, delivery 2$/,
    /^home\.attic\.temperature: 22 °C, delivery 1$/,
    /^after one has left: 23 and 24 °C$/,
  ],
  'bus-postgres.mjs': [
    /^placed for ann: 7$/,
    /^not placed for bob: orders_total_check$/,
    /^placed for ann: 13$/,
    /^billed to ann: 7$/,
    /^billed to ann: 13$/,
  ],
  'saga-participant.mjs': [
    /^charge: done, 30 left$/,
    /^charge again: duplicate, 30 left$/,
    /^charge too much: done \(no funds\), 30 left$/,
    /^undo: done, 100 left$/,
    /^undo what never came: void, 100 left$/,
    /^and then it comes: refused, 100 left$/,
    /^a worker that was overtaken: stale, 100 left$/,
  ],
  'outbox.mjs': [
    /^bob-1 not placed: orders_cents_check$/,
    /^2 messages wait$/,
    /^ann-1: done, and then duplicate$/,
    /^ann-2: done, and then duplicate$/,
    /^2 invoices, 0 messages wait$/,
  ],
  'process-manager.mjs': [
    /^payments\.charge ann-1$/,
    /^shipping\.ship ann-1$/,
    /^payments\.charge bob-1$/,
    /^mail\.apologise bob-1$/,
    /^duplicate$/,
    /^too late: paid for bob-1$/,
    /^late$/,
  ],
  'saga-memory.mjs': [
    /^order-1: paid with order-1:charge:forward, 1 left$/,
    /^order-1: paid with order-1:charge:forward, 1 left$/,
    /^ {2}given back: one tea$/,
    /^order-2: ERR_SAGA_COMPENSATED, 1 left$/,
    /^order-3: ERR_SAGA_PARKED, 0 left$/,
    /^ {2}given back: one tea$/,
    /^order-3, tried again: 1 left$/,
  ],
  'saga-pglite.mjs': [
    /^order-7:reserve:forward, attempt 1$/,
    /^order-7:charge:forward, attempt 1$/,
    /^killed$/,
    /^taken over: order-7$/,
    /^order-7:charge:forward, attempt 2$/,
    /^order-7:ship:forward, attempt 1$/,
    /^\{ reserve: 'reserve done', charge: 'charge done', ship: 'ship done' \}$/,
  ],
  'saga-postgres.mjs': [
    /^ann reserves$/,
    /^kept$/,
    /^known$/,
    /^false bob ships, for 500$/,
    /^done, waiting, done, done$/,
  ],
  'saga-explore.mjs': [
    /^\d+ runs, \d+ takeovers: nothing lost, doubled or out of order$/,
    /^ends: completed,compensated,parked$/,
    /^charge: a crash while it runs parks the saga/,
    /^7:reserve:forward 7:charge:forward 7:charge:compensate 7:reserve:compensate$/,
    /^SagaExplorationError: it is compensated$/,
    /^3\. worker 1: reserve forward$/,
  ],
  'virtual-clock.mjs': [/^31 s went by in \d+ s, no timer is left$/],
};

const folder = new URL('../../examples/', import.meta.url);
const programs = readdirSync(folder).filter(name => name.endsWith('.mjs'));

describe('examples', () => {
  it('have expectations here, one each', () => {
    expect(Object.keys(prints).sort()).toEqual(programs.sort());
  });

  it('compile against the declarations of the built package', async () => {
    const compiler = 'node_modules/@typescript/native/bin/tsc';
    const { code, stdout } = await runProgram(compiler, ['--noEmit', '-p', 'examples'], 60_000);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });

  it('are listed in their README', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    for (const name of programs) expect(readme).toContain(`(${name})`);
  });

  it.each(Object.entries(prints))(
    '%s prints what it shows and exits by itself',
    async (name, lines) => {
      const { code, stdout, stderr } = await runProgram(`examples/${name}`, [], 100_000);
      expect(stderr).toBe('');
      if (stdout.startsWith('skipped: ') && code === 0) {
        // A server that it speaks to is missing; with `CI` set that is an error of the program.
        console.warn(`${name} ${stdout}`);
        return;
      }
      const printed = stdout.trimEnd().split('\n');
      expect(printed, stdout).toHaveLength(lines.length);
      for (const [place, line] of lines.entries()) expect(printed[place]).toMatch(line);
      expect(code).toBe(0);
    },
    // Two of them start a PostgreSQL in WebAssembly, which is work.
    120_000,
  );

  it.each(programs)('%s is short', name => {
    expect(readFileSync(new URL(name, folder), 'utf8').split('\n').length).toBeLessThanOrEqual(60);
  });
});
