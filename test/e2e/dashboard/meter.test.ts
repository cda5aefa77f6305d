import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Dashboard } from '../../../src/observe/dashboard/dashboard.js';
import { count, span } from '../../../src/observe/dashboard/page/text.js';
import { Meter } from '../../../src/observe/meter.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { hasChromium, openBrowser } from '../../fixtures/chromium.js';
import { type Served, served } from '../../fixtures/dashboard-house.js';
import { desk, openPage, phone, violationsOf } from '../../fixtures/dashboard-page.js';

/** A server that is quick but for one request in twenty, and fails one in ten. */
async function slowAtTimes() {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.statusCode = asked % 10 === 0 ? 500 : 200;
    if (asked % 20 === 1) setTimeout(() => response.end(), 150);
    else response.end();
  });
  return served((request, response) => server.emit('request', request, response));
}

/** What a card says under each heading. */
async function numbersOf(card: Locator): Promise<Record<string, string>> {
  const pairs = await card
    .locator('dl > div')
    .evaluateAll(nodes =>
      nodes.map(node => [node.querySelector('dt')!.textContent, node.querySelector('dd')!.textContent]),
    );
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** How many dots of a chart are drawn. */
const drawnDots = (canvas: Locator): Promise<number> =>
  canvas.evaluate(node => {
    const { width, height } = node as HTMLCanvasElement;
    const { data } = (node as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    return data.filter((value, place) => place % 4 === 3 && value > 0).length;
  });

describe.skipIf(!hasChromium())('a meter under traffic, in a browser', () => {
  const meter = new Meter({ name: 'orders', sliceMs: 500 });
  const observatory = new Observatory({ service: 'shop' });
  const board = new Dashboard({ observatory, intervalMs: 200 });
  const policy = pipeline(meter, new Timeout({ timeoutMs: 5_000 }));
  let browser: Browser;
  let remote: Served;
  let page: Served;

  beforeAll(async () => {
    observatory.watch(meter);
    [remote, page, browser] = await Promise.all([slowAtTimes(), served(board.handler), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    board.close();
    await Promise.all([remote?.close(), page?.close()]);
  });

  async function call(): Promise<void> {
    const answer = policy.execute(async ({ signal }) => {
      const response = await fetch(remote.url, { signal });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    });
    await answer.catch(() => {});
  }

  /** Four callers, one call after the other, for so long. */
  async function traffic(forMs: number): Promise<void> {
    const until = performance.now() + forMs;
    const caller = async (): Promise<void> => {
      while (performance.now() < until) {
        await call();
        await sleep(5);
      }
    };
    await Promise.all([caller(), caller(), caller(), caller()]);
  }

  it.each([
    ['a desk, in the light', desk, 'light'],
    ['a phone, in the dark', phone, 'dark'],
  ] as const)('is drawn while it counts, and told as it has counted, on %s', async (_, viewport, scheme) => {
    const { page: tab, complaints } = await openPage(browser, `${page.url}/#/latency`, viewport, scheme);
    const card = tab.getByRole('article').filter({ hasText: 'orders' });
    const before = meter.snapshot().calls;
    const going = traffic(2_500);
    const chart = card.getByRole('img', {
      name: /^How long orders takes: median .+ ms, 99th percentile .+ ms/,
    });
    await chart.waitFor();
    await going;
    const { calls, outcomes, p50Ms, p99Ms, maxMs } = meter.snapshot();
    expect(calls - before).toBeGreaterThan(40);
    expect(p99Ms).toBeGreaterThan(140);
    // The page shows what the meter says, and that is what the server did.
    await expect
      .poll(() => numbersOf(card), { timeout: 5_000 })
      .toMatchObject({
        Calls: count(calls),
        Failures: count(outcomes.failure),
        Median: span(p50Ms),
        '99th': span(p99Ms),
        Longest: span(maxMs),
      });
    expect(outcomes.failure / calls).toBeCloseTo(0.1, 1);
    expect(await drawnDots(chart.locator('canvas'))).toBeGreaterThan(1_000);
    await card.getByText('As a table').first().click();
    const rows = card.getByRole('group', { name: 'How long orders takes, as a table' }).getByRole('row');
    // It is filled when it is opened, a moment later.
    await expect.poll(() => rows.count()).toBeGreaterThan(4);
    const times = (await rows.locator('td:first-child').allTextContents()).slice(1);
    expect(times.length).toBeGreaterThan(3);
    // Slices of half a second: each is there once, however often it was looked at.
    for (const time of times) expect(times.filter(other => other === time).length).toBeLessThan(3);
    expect(await violationsOf(tab)).toEqual([]);
    const width = await tab.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(viewport.width);
    expect(complaints).toEqual([]);
    await tab.context().close();
  });
});
