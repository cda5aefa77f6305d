import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DashboardEvents } from '../../../src/observe/dashboard/dashboard-events.js';
import { hasChromium, openBrowser } from '../../fixtures/chromium.js';
import { type House, houseOf, served } from '../../fixtures/dashboard-house.js';
import { openPage, openPanel, phone } from '../../fixtures/dashboard-page.js';

describe.skipIf(!hasChromium())('the actions of a dashboard', () => {
  let browser: Browser;
  let house: House;
  let server: Awaited<ReturnType<typeof served>>;
  let page: Page;
  let complaints: string[];
  const acted: DashboardEvents['acted'][] = [];
  let who: string | false = 'ann';

  beforeAll(async () => {
    house = await houseOf({ authorise: () => who });
    house.board.on('acted', event => acted.push(event));
    [server, browser] = await Promise.all([served(house.board.handler), openBrowser()]);
    ({ page, complaints } = await openPage(browser, server.url, phone));
  });
  afterAll(async () => {
    await browser?.close();
    await house?.close();
    await server?.close();
  });

  /** Presses a button that asks, answers, and waits for what came of it. */
  async function press(button: string, verb: string, reason?: string, outcome = 'done'): Promise<void> {
    await page.getByRole('button', { name: button, exact: true }).first().click();
    const dialog = page.getByRole('dialog');
    if (reason !== undefined) await dialog.getByLabel('Reason, kept with it').fill(reason);
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    await page
      .getByRole('status')
      .filter({ hasText: `${verb}: ${outcome}` })
      .waitFor();
  }

  const last = () => acted.at(-1);

  it('isolate and reset a breaker', async () => {
    await openPanel(page, 'Breakers');
    await press('Isolate… stock', 'Isolate');
    expect(house.stock.state).toBe('isolated');
    const card = page.getByRole('article').filter({ hasText: 'stock' });
    await card.getByText('Isolated by the word of somebody.').waitFor();
    await press('Reset… stock', 'Reset');
    expect(house.stock.state).toBe('closed');
    expect(last()).toMatchObject({
      who: 'ann',
      outcome: 'done',
      action: { target: 'circuit-breaker/stock' },
    });
  });

  it('are told of among the events', async () => {
    await openPanel(page, 'Events');
    await page.getByLabel('Filter').fill('acted');
    const said = page.getByText(/who ann · action: action breaker.reset/);
    await said.filter({ visible: true }).waitFor();
  });

  it('skip a stuck step of a saga, for a reason', async () => {
    await openPanel(page, 'Sagas');
    await page.getByRole('button', { name: 'order-6' }).click();
    await press('Skip the step charge', 'Skip', 'paid back by hand');
    await page.getByRole('row', { name: /order-6 .* compensated/ }).waitFor();
    const history = await house.sagas.history('order-6');
    expect(history.at(-2)?.event ?? history.at(-1)?.event).toBeDefined();
    expect(JSON.stringify(history)).toContain('paid back by hand');
  });

  it('retry a parked saga', async () => {
    house.openBank();
    await page.getByRole('button', { name: 'order-7' }).click();
    await press('Retry…', 'Retry');
    await page.getByRole('row', { name: /order-7 .* compensated/ }).waitFor();
    expect((await house.sagas.get('order-7'))?.status).toBe('compensated');
  });

  it('compensate a saga that is done', async () => {
    await page.getByRole('button', { name: 'order-8' }).click();
    await press('Compensate…', 'Compensate', 'the customer left');
    await page.getByRole('row', { name: /order-8 .* compensated/ }).waitFor();
    expect((await house.sagas.get('order-8'))?.status).toBe('compensated');
  });

  it('cancel a saga that waits', async () => {
    await page.getByRole('button', { name: 'trip-1' }).click();
    await page.getByRole('img', { name: /flight: done, approval: (waits|here)/ }).waitFor();
    await press('Cancel…', 'Cancel the saga', 'no holiday');
    await page.getByRole('row', { name: /trip-1 .* compensated/ }).waitFor();
    expect(last()).toMatchObject({ action: { saga: 'trip-1', reason: 'no holiday' }, outcome: 'done' });
  });

  it('replay and discard dead letters', async () => {
    await openPanel(page, 'Messages');
    const [one, other] = await house.letters.list();
    house.accept();
    await press(`Replay… ${one!.message.id}`, 'Replay');
    await page.getByText(one!.message.id).waitFor({ state: 'detached' });
    await press(`Discard… ${other!.message.id}`, 'Discard');
    await page.getByText('There are none.').waitFor();
    expect(await house.letters.list()).toEqual([]);
    expect(acted.map(({ action }) => action.action)).toEqual([
      ...['breaker.isolate', 'breaker.reset', 'saga.skip', 'saga.retry'],
      ...['saga.compensate', 'saga.cancel', 'deadLetter.replay', 'deadLetter.discard'],
    ]);
  });

  it('that somebody may not do are refused, and that is said', async () => {
    who = false;
    await openPanel(page, 'Breakers');
    await press('Isolate… mail', 'Isolate', undefined, 'you may not do this');
    expect(house.mail.state).toBe('closed');
    expect(last()).toMatchObject({ who: null, outcome: 'refused' });
    expect(complaints.filter(complaint => !complaint.includes('403'))).toEqual([]);
  });

  it('are not there on a page that is to be looked at', async () => {
    const readOnly = await houseOf();
    const other = await served(readOnly.board.handler);
    const { page: second } = await openPage(browser, `${other.url}/#/breakers`);
    await second.getByText('payments').first().waitFor();
    expect(await second.getByRole('button', { name: /…/ }).count()).toBe(0);
    await readOnly.close();
    await other.close();
  });

  it('cannot be asked for by a page of somebody else', async () => {
    who = 'ann';
    const evil = await served((_, response) => {
      response.setHeader('content-type', 'text/html').end('<title>evil</title>');
    });
    const context = await browser.newContext();
    const outside = await context.newPage();
    // Somebody who has the dashboard open as well, and its cookie.
    await outside.goto(server.url);
    await outside.goto(evil.url);
    const answer = await outside.evaluate(
      target =>
        fetch(`${target}/api/act`, {
          method: 'POST',
          credentials: 'include',
          headers: { 'content-type': 'text/plain' },
          body: JSON.stringify({ action: 'breaker.isolate', key: 't3' }),
          mode: 'no-cors',
        }).then(
          ({ type }) => type,
          () => 'failed',
        ),
      server.url,
    );
    expect(['opaque', 'failed']).toContain(answer);
    expect([house.payments.state, house.stock.state, house.mail.state]).not.toContain('isolated');
    await evil.close();
    await context.close();
  });
});
