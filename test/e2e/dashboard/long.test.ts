import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Browser, CDPSession } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dashboard } from '../../../src/observe/dashboard/dashboard.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { hasChromium, openBrowser } from '../../fixtures/chromium.js';
import { openPage, openPanel } from '../../fixtures/dashboard-page.js';

const isLong = process.env['DASHBOARD'] === 'long';
/** Simulated time: a day, or ten minutes of it, at an interval of five seconds. */
const hours = isLong ? 24 : 0.4;
const STEP_MS = 5_000;
const MB = 1024 * 1024;

/** What a page holds, after it has thrown away what it can. */
async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}

/** What this process holds, likewise. */
function ownHeap(collect: () => void): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe.skipIf(!hasChromium())('a long day of events', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it('keeps the page small and the server flat', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const clock = new VirtualClock();
    const observatory = new Observatory({ service: 'shop', clock });
    const breakers = Array.from(
      { length: 20 },
      (_, at) => new CircuitBreaker({ name: `breaker ${at}`, clock }),
    );
    const bulkheads = Array.from(
      { length: 20 },
      (_, at) => new Bulkhead({ name: `bulkhead ${at}`, slots: 5, clock }),
    );
    for (const one of [...breakers, ...bulkheads]) observatory.watch(one);
    const board = new Dashboard({
      observatory,
      clock,
      intervalMs: STEP_MS,
      stallMs: 1e12,
      maxBufferBytes: 50 * MB,
    });
    const server = createServer(board.handler);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { page, complaints } = await openPage(browser, `http://127.0.0.1:${port}/`);
    await openPanel(page, 'Limits');
    const session = await page.context().newCDPSession(page);
    const sizes: { readonly page: number; readonly own: number }[] = [];
    const steps = (hours * 3_600_000) / STEP_MS;
    for (let step = 0; step < steps; step++) {
      const breaker = breakers[step % breakers.length]!;
      if (step % 40 < 20) breaker.isolate();
      else breaker.reset();
      for (let call = 0; call < 10; call++) {
        await breaker.execute(() => call).catch(() => {});
        await bulkheads[(step + call) % bulkheads.length]!.execute(() => call);
      }
      await clock.advance(STEP_MS);
      // The browser is another process and needs real time to keep up.
      if (step % 50 === 49) await new Promise(resolve => setTimeout(resolve, 30));
      if (step % Math.floor(steps / 4) === 0) {
        await openPanel(page, step % 2 === 0 ? 'Limits' : 'Breakers');
        sizes.push({ page: await heapOf(session), own: ownHeap(collect) });
      }
    }
    const seen = `document.querySelector('main').textContent.length > 0`;
    expect(await page.evaluate(seen)).toBe(true);
    sizes.push({ page: await heapOf(session), own: ownHeap(collect) });
    const shown = sizes.map(size => `${(size.page / MB).toFixed(1)} and ${(size.own / MB).toFixed(1)} MB`);
    if (isLong) console.log(`page and process over ${hours} h: ${shown.join(', ')}`);
    expect(Math.max(...sizes.map(size => size.page))).toBeLessThan(150 * MB);
    expect(sizes.at(-1)!.own - sizes[1]!.own).toBeLessThan(15 * MB);
    expect(board.snapshot()).toMatchObject({ viewers: 1, dropped: 0 });
    expect(complaints).toEqual([]);
    await page.context().close();
    board.close();
    server.closeAllConnections();
    server.close();
  }, 600_000);
});

/** Looks on from a process of its own: what viewers cost themselves is not what a call pays. */
const lookers = `
  const [url, count] = process.argv.slice(1);
  for (let at = 0; at < Number(count); at++) {
    fetch(url).then(async ({ body }) => { for await (const _ of body); }).catch(() => {});
  }`;

describe('many viewers at once', () => {
  it('cost a call next to nothing, and one look serves all', async () => {
    const viewers = 50;
    const observatory = new Observatory({ service: 'shop' });
    let looks = 0;
    observatory.watch({ name: 'counted', describe: () => ({ kind: 'counted' }), snapshot: () => ++looks });
    const bulkhead = new Bulkhead({ name: 'search', slots: 10 });
    observatory.watch(bulkhead);
    for (let at = 0; at < 40; at++) observatory.watch(new CircuitBreaker({ name: `breaker ${at}` }));
    const intervalMs = 250;
    const board = new Dashboard({ observatory, intervalMs });
    const server = createServer(board.handler);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const rounds = isLong ? 4_000 : 400;
    /** Processor time of this process for each call, in ns, with all that it does between them. */
    const perCall = async (): Promise<number> => {
      const began = process.cpuUsage();
      for (let round = 0; round < rounds; round++) {
        for (let call = 0; call < 1_000; call++) await bulkhead.execute(() => call);
        await new Promise(resolve => setImmediate(resolve));
      }
      const { user, system } = process.cpuUsage(began);
      return (user + system) / rounds;
    };
    await perCall();
    const before = Math.min(await perCall(), await perCall());
    const url = `http://127.0.0.1:${port}/api/stream`;
    const child = spawn(process.execPath, ['-e', lookers, url, String(viewers)], { stdio: 'ignore' });
    await expect.poll(() => board.snapshot().viewers, { timeout: 20_000 }).toBe(viewers);
    const lookedBefore = looks;
    const startedAt = performance.now();
    const during = Math.min(await perCall(), await perCall());
    const tookMs = performance.now() - startedAt;
    if (isLong) {
      console.log(`a call: ${before.toFixed(0)} ns, and ${during.toFixed(0)} ns with ${viewers} viewers`);
    }
    expect(looks - lookedBefore).toBeGreaterThan(0);
    expect(looks - lookedBefore).toBeLessThanOrEqual(Math.ceil(tookMs / intervalMs) + 1);
    expect(during).toBeLessThan(before * 1.5 + 200);
    child.kill();
    await expect.poll(() => board.snapshot().viewers, { timeout: 20_000 }).toBe(0);
    board.close();
    server.close();
  }, 300_000);
});
