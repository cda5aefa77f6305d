/** What the services of the shop have in common: how they are asked, how they misbehave, how they end. */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { httpRegistry } from 'keelson/node';
import { watchStalls } from '../parts/stall.mjs';
import { leases } from './settings.mjs';

const SLOW_MS = 1_200;
const LOSES_EACH = 3;

/** What this process was told at its start: its name, its folder, where the others are, what is off. */
export const told = JSON.parse(process.argv[2] ?? '{}');

/**
 * Ends this process when its parent does. One that `tidies` takes the folder of the shop away after that.
 * @param {{ tidies?: () => Promise<void> }} [options]
 */
export function endWithParent({ tidies } = {}) {
  // Ctrl-C goes to all processes of a terminal; what becomes of this one is decided by its parent.
  process.on('SIGINT', () => {});
  const end = () => {
    if (tidies === undefined) process.exit();
    // The others write until they have seen the same.
    setTimeout(async () => {
      await tidies().catch(() => {});
      rmSync(told.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
      process.exit();
    }, 300);
  };
  process.once('disconnect', end);
  // It may have gone before anybody listened.
  if (!process.connected) end();
}

const cpuMs = () => Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1_000);

/** Says something to the parent, which may be gone. */
export const tell = message => process.connected && process.send(message, () => {});

/** Answers what the parent asks: `{ type }` with what the function of that name answers. */
export function answerParent(functions) {
  const stalls = watchStalls();
  process.on('message', async (/** @type {any} */ { type, ...asked }) => {
    if (type === 'health') tell({ type, stallMs: stalls.longestMs(), cpuMs: cpuMs() });
    else tell({ type, value: await functions[type]?.(asked) });
  });
}

/** Listens on the port that it had before, or on one that is free. @returns {Promise<number>} */
export function listen(server, port = told.port ?? 0) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
}

/** The registry of the shop, as this process sees it. */
export const registryOf = () => httpRegistry({ url: told.registry, pollMs: 1_000 });

/** Serves HTTP on 127.0.0.1; `answer` gets the request as data, and answers `{ status, body }`. */
function serverOf(answer, moodNow) {
  let count = 0;
  return createServer(async (request, response) => {
    const mood = moodNow();
    request.resume();
    if (mood === 'hangs') return;
    if (mood === 'slow') await sleep(SLOW_MS);
    const { pathname, searchParams } = new URL(request.url, 'http://shop');
    const segments = pathname.split('/').filter(Boolean);
    const { method, headers } = request;
    const query = Object.fromEntries(searchParams);
    const asked = { method, headers, segments, query };
    const { status = 200, body } = await answer(asked).catch(error => ({ status: 500, body: `${error}` }));
    // The work is done, and nobody hears of it.
    if (mood === 'lossy' && ++count % LOSES_EACH === 0) request.socket.resetAndDestroy();
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
}

/**
 * A service: listens, registers, and tells its parent that it is ready. The parent sets its mood: `well`,
 * `slow`, `hangs` or `lossy`.
 *
 * @param {string} service
 * @param {(asked: { method: string, headers: any, segments: string[], query: any }) => Promise<any>} answer
 */
export async function serve(service, answer, functions = {}) {
  let mood = 'well';
  endWithParent();
  const setMood = asked => {
    mood = asked.mood;
  };
  answerParent({ mood: setMood, ...functions });
  const port = await listen(serverOf(answer, () => mood));
  const address = `http://127.0.0.1:${port}`;
  // A process that comes back is another instance: the dead one is forgotten when its lease is over.
  await registryOf().register({ service, address }, leases).ready;
  tell({ type: 'ready', port, address });
}
