// Pictures of the dashboard of the shop while it is hurt:  node scripts/picture-dashboard.mjs docs/pictures
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node scripts/picture-dashboard.mjs <folder>');
const desk = { width: 1_280, height: 1_000 };
/** The first one waits until breakers have opened and sagas have been taken over. */
const pictures = /** @type {const} */ ([
  { name: 'dashboard', colorScheme: 'light', viewport: desk, afterMs: 45_000 },
  { name: 'dashboard-dark', colorScheme: 'dark', viewport: desk, afterMs: 3_000 },
  { name: 'dashboard-phone', colorScheme: 'light', viewport: { width: 390, height: 844 }, afterMs: 3_000 },
]);

const shop = spawn(process.execPath, ['examples/shop/main.mjs', '--watch'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const closed = once(shop, 'close');
try {
  let said = '';
  const url = await new Promise((resolve, reject) => {
    shop.once('close', () => reject(new Error('the shop has ended by itself')));
    shop.stdout.on('data', text => {
      said += text;
      const found = /http:\S+\/ops\//.exec(said);
      if (found !== null) resolve(found[0]);
    });
  });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  for (const { name, colorScheme, viewport, afterMs } of pictures) {
    const page = await browser.newPage({ colorScheme, viewport });
    await page.goto(url);
    await sleep(afterMs);
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }
  await browser.close();
} finally {
  shop.kill('SIGINT');
  await closed;
}
