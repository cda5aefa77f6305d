import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dashboard } from '../../../src/observe/dashboard/dashboard.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { hasChromium, openBrowser } from '../../fixtures/chromium.js';
import { type Served, served } from '../../fixtures/dashboard-house.js';
import { openPage, openPanel } from '../../fixtures/dashboard-page.js';

const markup =
  '"><img src=x onerror=alert(1)><script>alert(2)</script>' +
  '<svg onload=alert(3)><a href="javascript:alert(4)">x</a>';
const escapes = '\u001b[31mred\u001b[2J\r\nline two\u0000\u202ereversed\ud800';
const huge = 'H'.repeat(1_000_000);
const traps = ['__proto__', 'constructor', 'toString', '</style></script><!--'];
const hostile = [markup, escapes, huge, ...traps];

/** Kinds that have a panel of their own, with all that they say made of one text. */
const kinds = [
  ...[
    'bulkhead',
    'rate-limiter',
    'adaptive-limiter',
    'meter',
    'message-bus',
    'subscription',
    'saga-orchestrator',
  ],
  ...['service-watcher', 'outliers', 'balancer', 'health', 'registry', 'gateway', 'circuit-breaker', 'thing'],
];

function saying(text: string) {
  const one = {
    id: text,
    name: text,
    status: text,
    state: text,
    address: text,
    version: text,
    pattern: text,
  };
  const route = { route: text, path: text, host: text, to: text, end: text, methods: [text] };
  const lists = {
    instances: [one, null, text],
    subscriptions: [one],
    routes: [route],
    definitions: [one],
    slices: [one],
  };
  return { ...one, ...lists, taken: text, slots: null, [text]: text, error: new Error(text), because: text };
}

/** Things of all kinds, each with all of these texts in all that it says. */
function watchAll(observatory: Observatory): void {
  for (const kind of kinds) {
    for (const [at, text] of hostile.entries()) {
      const thing = {
        name: `${at} ${text}`,
        describe: () => ({ kind, ...saying(text) }),
        snapshot: () => saying(text),
      };
      const state = {
        direction: text,
        entries: { [text]: { stuck: true, error: { name: text, message: text } } },
      };
      const saga = {
        id: text,
        definition: text,
        version: 1,
        status: text,
        createdAt: 1,
        updatedAt: 1,
        state,
      };
      const list = async () => [{ ...saga, cancellable: true }];
      observatory.watch({ list, ...thing, explain: () => saying(text), instances: [saying(text)] } as never, {
        kind,
      });
    }
  }
}

const letter = {
  position: markup,
  message: { id: escapes, topic: markup },
  data: { [markup]: huge },
  reason: markup,
  error: { name: markup, code: escapes, message: huge },
  attempts: 1,
  diedAt: Number.MAX_SAFE_INTEGER,
};

/** What other processes say in these texts. */
function feed(board: Dashboard): void {
  for (const text of hostile) {
    const event = {
      at: 1,
      id: `${text}`,
      kind: text,
      name: text,
      event: text,
      count: 1,
      payload: saying(text),
    };
    const thing = {
      id: text,
      kind: text,
      name: text,
      description: saying(text),
      snapshot: saying(text),
      detail: text,
    };
    board.receive({
      ...{ version: 1, service: text, instance: text, startedAt: 1, seq: 1, intervalMs: 60_000 },
      ...{ ids: [text], things: [thing], events: [event] },
    });
  }
}

describe.skipIf(!hasChromium())('hostile names and messages', () => {
  let browser: Browser;
  let board: Dashboard;
  let server: Served;

  beforeAll(async () => {
    const observatory = new Observatory({ service: markup });
    watchAll(observatory);
    const list = async () => [letter];
    board = new Dashboard({
      observatory,
      intervalMs: 200,
      title: markup,
      showData: true,
      authorise: () => markup,
      deadLetters: { [markup]: { list } as never },
      gauges: { [escapes]: () => 1 },
    });
    const breaker = new CircuitBreaker({ name: markup });
    observatory.watch(breaker);
    breaker.isolate();
    feed(board);
    [server, browser] = await Promise.all([served(board.handler), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    board?.close();
    await server?.close();
  });

  it('are shown as the texts that they are, in every panel', async () => {
    const { page, complaints } = await openPage(browser, server.url);
    for (const title of [
      'Overview',
      'Breakers',
      'Limits',
      'Latency',
      'Messages',
      'Sagas',
      'Discovery',
      'Gateway',
    ]) {
      await openPanel(page, title);
      await page.waitForTimeout(300);
    }
    for (const title of ['Everything else', 'Events']) {
      await openPanel(page, title);
      await page.getByRole('main').getByText('<script>alert(2)</script>').first().waitFor();
    }
    const strange =
      'document.querySelectorAll("main img, main script, main a[href^=javascript], main svg[onload]").length';
    expect(await page.evaluate(strange)).toBe(0);
    // What steers a terminal or the direction of writing has become a sign for it.
    const text = (await page.evaluate('document.body.textContent')) as string;
    expect(text).toContain('␛[31mred');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text).not.toContain('H'.repeat(2_100));
    expect(complaints).toEqual([]);
    expect(await page.evaluate('({}).polluted')).toBeUndefined();
    await page.context().close();
  });

  it('make no message large', async () => {
    const answer = await fetch(`${server.url}/api/state`);
    expect((await answer.text()).length).toBeLessThan(8_000_000);
  });

  it('are nothing that a script or a frame of somebody else can use', async () => {
    const { page } = await openPage(browser, server.url);
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.textContent = 'globalThis.ran = true';
        document.head.append(script);
      } catch {
        // A policy of trusted types refuses the text already.
      }
      const attribute = document.createElement('p');
      attribute.setAttribute('style', 'color: red');
      document.body.append(attribute);
      return [(globalThis as { ran?: boolean }).ran, getComputedStyle(attribute).color];
    });
    expect(ran[0]).toBeUndefined();
    expect(ran[1]).not.toBe('rgb(255, 0, 0)');
    const evaluated = page.evaluate(
      "new Promise((done, fail) => { try { setTimeout('1') } catch (error) { fail(error) } done('taken') })",
    );
    await expect(evaluated).rejects.toThrow();
    const frame = await served((_, response) => {
      response.setHeader('content-type', 'text/html').end(`<iframe src="${server.url}/"></iframe>`);
    });
    const outside = await page.context().newPage();
    await outside.goto(frame.url);
    await outside.waitForTimeout(500);
    const inner = outside.frames().find(one => one !== outside.mainFrame());
    expect(await inner?.evaluate('document.body.textContent').catch(() => '')).not.toContain('Overview');
    await frame.close();
    await page.context().close();
  });
});
