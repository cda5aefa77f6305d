import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openBrowser } from '../../fixtures/chromium.js';
import { gatewayIn, type House, houseOf, served } from '../../fixtures/dashboard-house.js';
import { desk, openPage, openPanel, phone, violationsOf } from '../../fixtures/dashboard-page.js';

/** What has to be seen in each panel. */
const shown: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  Overview: ['The last events', 'parked of late', '99th percentile of checkout'],
  Breakers: [
    'payments',
    'prices breaker of https://b.example',
    /part of prices/,
    /part of quotes/,
    'Open after 3 failures in a row.',
    'stock',
    'mail',
    'Closed since it was made.',
  ],
  Limits: ['search', 'full', '4 of 4', '2 of 8', 'partners', 'reports', '50 of 50'],
  Latency: ['checkout', 'median', '99th percentile', 'failures'],
  Messages: [
    ...['Topic orders.placed, group billing: its members share.', 'orders.placed (billing)'],
    'Topic orders.>, fan-out: gets everything.',
    ...['events', 'orders.placed', 'orders behind', 'exhausted: RangeError: a negative total: -1'],
  ],
  Sagas: ['order-7', 'parked', 'trip-1', 'waiting', 'order-8', 'the bank does not answer'],
  Discovery: ['cart', 'c1', '10.0.0.1:8080, version 1.4.0', 'cart outliers', 'ejected', /^back in \d+ min/],
  Gateway: ['edge', '/api/orders/*rest', 'origin http://127.0.0.1:9', 'GET, POST'],
  'Everything else': [
    'quick',
    'How it was made',
    'prices attempt timeout',
    'quotes/bulkhead',
    'resilient fetch · shop',
  ],
  Events: ['opened', 'ejected', 'completed', /because consecutiveFailures/],
};

describe.skipIf(!hasChromium())('the page of a dashboard', () => {
  let browser: Browser;
  let house: House;
  let server: Awaited<ReturnType<typeof served>>;

  beforeAll(async () => {
    house = await houseOf({ authorise: () => 'ann' });
    gatewayIn(house.observatory);
    [server, browser] = await Promise.all([served(house.board.handler), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await house?.close();
    await server?.close();
  });

  it.each([
    ['a desk, in the light', desk, 'light'],
    ['a phone, in the dark', phone, 'dark'],
  ] as const)('shows each panel on %s, and axe finds nothing', async (_, viewport, scheme) => {
    const { page, complaints } = await openPage(browser, server.url, viewport, scheme);
    for (const [title, texts] of Object.entries(shown)) {
      await openPanel(page, title);
      for (const text of texts) {
        const found = page.getByRole('main').getByText(text).filter({ visible: true }).first();
        await found.waitFor({ state: 'visible', timeout: 10_000 });
      }
      expect(await violationsOf(page), title).toEqual([]);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width, `${title} is as wide as the screen`).toBeLessThanOrEqual(viewport.width);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says all of an event on a phone without a way to its side', async () => {
    const { page } = await openPage(browser, `${server.url}/#/log`, phone);
    const table = page.getByRole('group', { name: 'Events, the newest first' });
    const said = table.getByText(/because consecutiveFailures/).filter({ visible: true });
    await said.first().waitFor();
    const hidden = await table.evaluate(node => node.scrollWidth - node.clientWidth);
    expect(hidden).toBe(0);
    await page.context().close();
  });

  it('draws charts, and says the same in a table', async () => {
    const { page } = await openPage(browser, `${server.url}/#/latency`);
    const chart = page.getByRole('img', { name: /^How long checkout takes: median \d+ ms, 99th/ });
    await chart.locator('canvas').waitFor();
    const table = page.getByRole('group', { name: 'How long checkout takes, as a table' });
    await page.getByText('As a table').first().click();
    await expect.poll(() => table.getByRole('row').count()).toBe(13);
    await page.context().close();
  });

  it('shows what happens while it is open', async () => {
    const { page } = await openPage(browser, `${server.url}/#/breakers`);
    const card = page.getByRole('article').filter({ hasText: 'mail' });
    await card.getByText('closed', { exact: true }).waitFor();
    house.mail.isolate();
    await card.getByText('isolated', { exact: true }).waitFor();
    await card.getByRole('img', { name: /closed for .*, isolated for/ }).waitFor();
    house.mail.reset();
    await card.getByText('closed', { exact: true }).waitFor();
    await page.context().close();
  });

  it('is worked with the keyboard alone', async () => {
    const { page } = await openPage(browser, server.url);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the panel');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Overview');
    await page.getByRole('navigation').getByRole('link', { name: 'Breakers' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Isolate… payments' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Isolate payments?' });
    await dialog.waitFor();
    // What does no harm has the focus.
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      'Isolate… payments',
    );
    await page.context().close();
  });

  it('is dark or light as one likes, and stands still when one likes', async () => {
    const { page } = await openPage(browser, `${server.url}/#/breakers`);
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await back()).toBe('rgb(245, 246, 248)');
    for (const theme of ['auto', 'light'])
      await page.getByRole('button', { name: `Theme: ${theme}` }).click();
    expect(await back()).toBe('rgb(14, 19, 25)');
    await page.getByRole('button', { name: 'Pause' }).click();
    house.stock.isolate();
    await page.waitForTimeout(500);
    const card = page.getByRole('article').filter({ hasText: 'stock' });
    expect(await card.getByText('closed', { exact: true }).count()).toBe(1);
    await page.getByRole('button', { name: 'Go on' }).click();
    await card.getByText('isolated', { exact: true }).waitFor();
    house.stock.reset();
    await page.context().close();
  });

  it('comes back by itself when the connection is lost', async () => {
    const { page } = await openPage(browser, `${server.url}/#/breakers`);
    const { port } = new URL(server.url);
    await server.close();
    await page.getByText('connection lost').waitFor();
    house.mail.isolate();
    server = await served(house.board.handler, Number(port));
    await page.getByText('live', { exact: true }).waitFor({ timeout: 20_000 });
    const card = page.getByRole('article').filter({ hasText: 'mail' });
    await card.getByText('isolated', { exact: true }).waitFor();
    house.mail.reset();
    await page.context().close();
  });
});
