import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fileDirectory } from '../../../../src/adapters/node/file-directory.js';
import { ServiceWatcher } from '../../../../src/discovery/service-watcher.js';

const cart = (port: number) => ({ service: 'cart', address: `10.0.0.5:${port}` });
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 5 });

async function setUp(text: string | undefined, more: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-file-'));
  const path = join(folder, 'services.json');
  if (text !== undefined) await writeFile(path, text);
  const problems: string[] = [];
  const onProblem = (error: unknown) => problems.push(String(error));
  const directory = fileDirectory({ path, pollMs: 10, onProblem, ...more });
  const watcher = new ServiceWatcher({ registry: directory, service: 'cart' });
  onTestFinished(async () => {
    watcher.close();
    await directory.close();
    await rm(folder, { recursive: true, force: true });
  });
  const write = async (content: string) => {
    await writeFile(`${path}.next`, content);
    await rename(`${path}.next`, path);
  };
  const addresses = () => watcher.instances.map(({ address }) => address).join();
  return { path, write, directory, watcher, problems, addresses };
}

describe('a file in the place of a registry', () => {
  it('is read again when its content has changed, in either form', async () => {
    const { write, addresses, directory, problems } = await setUp(JSON.stringify([cart(1)]));
    await eventually(() => expect(addresses()).toBe('10.0.0.5:1'));
    // As long as before, and perhaps within the same tick of the file system.
    await write(JSON.stringify({ instances: [cart(2)] }));
    await eventually(() => expect(addresses()).toBe('10.0.0.5:2'));
    await write('[]');
    await eventually(() => expect(addresses()).toBe(''));
    expect(await directory.services()).toEqual([]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['is cut off', JSON.stringify([cart(1)]).slice(0, -3), 'JSON'],
    ['is empty', '', 'JSON'],
    ['is no list', '{}', 'a list of instances'],
    ['has an instance that is none', '[{"service":"cart","address":"http://a@evil"}]', '`address` must be'],
    ['has one twice', JSON.stringify([cart(1), cart(1)]), 'two instances'],
    ['is too large', ' '.repeat(2_000), 'maxBytes'],
    ['is gone', undefined, 'ENOENT'],
  ])('keeps what was known when it %s, and says so', async (_, content, words) => {
    const { path, write, watcher, directory, addresses, problems } = await setUp(JSON.stringify([cart(1)]), {
      maxBytes: 1_000,
    });
    await eventually(() => expect(addresses()).toBe('10.0.0.5:1'));
    if (content === undefined) await rm(path);
    else await write(content);
    await eventually(() => expect(watcher.staleMs).toBeGreaterThan(0));
    expect(addresses()).toBe('10.0.0.5:1');
    expect((await directory.instances('cart')).length).toBe(1);
    expect(problems.length).toBe(1);
    expect(problems[0]).toContain(words);
    expect(problems[0]).toContain(path);
    await write(JSON.stringify([cart(1), cart(2)]));
    await eventually(() => expect(addresses()).toBe('10.0.0.5:1,10.0.0.5:2'));
    expect(watcher.staleMs).toBe(0);
  });

  it('says that it does not know while it has never read it', async () => {
    const { write, directory, watcher, addresses } = await setUp(undefined);
    const unknown = { code: 'ERR_REGISTRY_UNAVAILABLE' };
    await expect(directory.instances('cart')).rejects.toMatchObject(unknown);
    await expect(directory.services()).rejects.toMatchObject(unknown);
    expect(watcher.instances).toEqual([]);
    await write(JSON.stringify([cart(1)]));
    await eventually(() => expect(addresses()).toBe('10.0.0.5:1'));
  });

  it.each([
    ['`path` must be', { path: '' }],
    ['`pollMs` must be', { pollMs: 0 }],
    ['`maxBytes` must be', { maxBytes: 0 }],
    ['`maxInstances` must be', { maxInstances: 0 }],
    ['`maxMetadataBytes` must be', { maxMetadataBytes: 0 }],
    ['`onProblem` must be a function', { onProblem: 7 }],
    ['`maxWatches` must be', { maxWatches: 0 }],
    ['unknown option `file`', { file: 'x' }],
  ])('refuses what is wrong: %s', (words, options) => {
    expect(() => fileDirectory({ path: '/x', ...options } as never)).toThrow(words);
  });
});
