import { headers as newHeaders } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { bytesCodec } from '../../src/messaging/codec.js';
import { topic } from '../../src/messaging/topic.js';
import { natsAnswers } from '../fixtures/nats.js';
import { until } from './eventually.js';
import { jetStreamScene, placed, recordOf } from './nats-scene.js';

const there = await natsAnswers();

describe.skipIf(!there)('the messages of a bus over JetStream', () => {
  it('carry any text and any bytes, and no header smuggles another one in', async () => {
    const { bus } = await jetStreamScene();
    const one = bus({}, { codec: bytesCodec });
    const raw = topic<Uint8Array>('raw', {});
    const seen: { readonly data: Uint8Array; readonly headers: object; readonly key: unknown }[] = [];
    await one.subscribe(raw, { group: 'g' }, message => void seen.push(message)).ready;
    const headers = {
      ...{ odd: 'a\u0000b \u{1f980} "\\', empty: '', spaces: '  both  ', line: 'x\r\nNats-Msg-Id: y\r\n' },
      ...{ percent: '100 % %41', 'nats-msg-id': 'mine', 'nats-rollup': 'all', long: 'é'.repeat(8_000) },
    };
    const body = Uint8Array.from({ length: 256 }, (_, at) => at);
    await one.publish(raw, body, { headers, key: 'the key\r\n' });
    await until(() => seen.length === 1);
    expect(seen[0]?.headers).toEqual(headers);
    expect(seen[0]?.key).toBe('the key\r\n');
    expect([...seen[0]!.data]).toEqual([...body]);
  });

  it('are refused before they are sent when a text is no Unicode, and their neighbours are not', async () => {
    const { driver } = await jetStreamScene();
    const one = driver();
    await one.connect();
    const outcomes = await one.publish([
      recordOf('a'),
      recordOf('b', { headers: { x: '\ud800' } }),
      recordOf('c'),
    ]);
    expect(outcomes.map(outcome => outcome.ok)).toEqual([true, false, true]);
    expect(outcomes[1]).toMatchObject({ retryable: false, maybeStored: false });
    expect((outcomes[1] as { error: { code: string } }).error.code).toBe('ERR_INVALID_MESSAGE');
  });

  it('are refused before they are sent when they are too large as they are encoded', async () => {
    const { client, driver } = await jetStreamScene();
    const one = driver();
    await one.connect();
    const most = client.info!.max_payload;
    const { maxRecordBytes } = one.capabilities;
    expect(maxRecordBytes).toBe(most - 4_096);
    const plain = await one.publish([recordOf('fits', { body: new Uint8Array(maxRecordBytes) })]);
    expect(plain[0]?.ok).toBe(true);
    // Each takes three times its room, and the sum of them is beyond what the server takes.
    const body = new Uint8Array(maxRecordBytes - 8_000);
    const [outcome] = await one.publish([recordOf('swollen', { headers: { x: ' '.repeat(8_000) }, body })]);
    expect(outcome).toMatchObject({ ok: false, retryable: false, maybeStored: false });
    expect((outcome as { error: { code: string } }).error.code).toBe('ERR_RECORD_TOO_LARGE');
    expect(client.isClosed()).toBe(false);
    expect((await one.publish([recordOf('after')]))[0]?.ok).toBe(true);
  });

  it('are known again by their id, within their topic and no other', async () => {
    const { bus } = await jetStreamScene();
    const one = bus();
    const other = topic<{ readonly n: number }>('orders.paid');
    const results: boolean[] = [];
    for (const to of [placed, other, placed, other]) {
      results.push((await one.publish(to, { n: 1 }, { id: 'the same' })).duplicate);
    }
    expect(results).toEqual([false, false, true, true]);
  });

  it('are forgotten by their id when the window is over', async () => {
    const { bus } = await jetStreamScene();
    const one = bus({ dedupeWindowMs: 100 });
    await one.publish(placed, { n: 1 }, { id: 'i' });
    await new Promise(resolve => setTimeout(resolve, 400));
    expect((await one.publish(placed, { n: 1 }, { id: 'i' })).duplicate).toBe(false);
  });

  it('come from others as they are, and go to the dead letters when nobody can read them', async () => {
    const { client, prefix, bus } = await jetStreamScene();
    const one = bus();
    await one.subscribe(placed, { group: 'g' }, () => {}).ready;
    const headers = newHeaders();
    headers.append('Price', '100%');
    headers.append('Twice', 'a');
    headers.append('Twice', 'b');
    await client.request(`${prefix}.orders.placed`, Uint8Array.from([0xff]), { headers, timeout: 1_000 });
    await client.request(`${prefix}.orders.placed`, 'nor this', { timeout: 1_000 });
    const letters = one.deadLetters(placed, 'g');
    await until(async () => (await letters.list()).length === 2);
    expect((await letters.list()).map(({ reason, message }) => [reason, message.headers])).toEqual([
      ['undecodable', { Price: '100%', Twice: 'b' }],
      ['undecodable', {}],
    ]);
  });

  it('come back from the dead letters as often as they are replayed, and to their group only', async () => {
    const { bus } = await jetStreamScene();
    const one = bus();
    const [sick, well]: [number[], number[]] = [[], []];
    await one.subscribe(placed, { group: 'sick', failure: { redeliver: [] } }, ({ replays }) => {
      sick.push(replays);
      if (replays < 3) throw new Error('sick');
    }).ready;
    await one.subscribe(placed, { group: 'well' }, ({ replays }) => void well.push(replays)).ready;
    await one.publish(placed, { n: 1 }, { id: 'i' });
    const letters = one.deadLetters(placed, 'sick');
    for (let replays = 0; replays < 3; replays++) {
      await until(async () => (await letters.list()).length === 1);
      await (await letters.list())[0]!.replay();
    }
    await until(() => sick.length === 4);
    expect([sick, well, (await letters.list()).length]).toEqual([[0, 1, 2, 3], [0], 0]);
  });

  it('are listed page by page when they are dead, and nobody else’s are discarded', async () => {
    const { bus, driver } = await jetStreamScene();
    const one = bus();
    const failure = { redeliver: [] };
    const options = { group: 'g', concurrency: 50, failure };
    await one.subscribe(placed, options, () => Promise.reject(new Error('broken'))).ready;
    await Promise.all(Array.from({ length: 250 }, (_, n) => one.publish(placed, { n })));
    const letters = one.deadLetters(placed, 'g');
    await until(async () => (await letters.list({ limit: 300 })).length === 250);
    const seen: number[] = [];
    for await (const { data } of letters) seen.push((data as { readonly n: number }).n);
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 250 }, (_, n) => n));
    const { deadLetters } = driver();
    const { position } = (await letters.list({ limit: 1 }))[0]!;
    const answers = [
      await deadLetters!.discard(placed.name, 'another', position),
      await deadLetters!.discard(placed.name, 'g', 'no number'),
      await deadLetters!.discard(placed.name, 'g', position),
    ];
    expect(answers).toEqual([false, false, true]);
  });

  it('are listed while somebody else discards them', async () => {
    const { bus } = await jetStreamScene();
    const [one, other] = [bus(), bus()];
    const options = { group: 'g', concurrency: 50, failure: { redeliver: [] } };
    await one.subscribe(placed, options, () => Promise.reject(new Error('broken'))).ready;
    await Promise.all(Array.from({ length: 250 }, (_, n) => one.publish(placed, { n })));
    const [mine, theirs] = [one.deadLetters(placed, 'g'), other.deadLetters(placed, 'g')];
    await until(async () => (await mine.list({ limit: 300 })).length === 250);
    const discarding = (async () => {
      for await (const letter of theirs) await letter.discard();
    })();
    const took: number[] = [];
    for (let left = 250; left > 0; ) {
      const from = performance.now();
      left = (await mine.list({ limit: 300 })).length;
      took.push(performance.now() - from);
    }
    await discarding;
    expect(took.filter(ms => ms > 5_000)).toEqual([]);
  });

  it('come again when there are as many dead letters as there may be', async () => {
    const { bus } = await jetStreamScene();
    const one = bus({ maxDeadLetters: 1 });
    const unsettled: unknown[] = [];
    const options = { group: 'g', failure: { redeliver: [] } };
    const broken = one.subscribe(placed, options, () => Promise.reject(new Error('broken')));
    broken.on('unsettled', ({ error }) => void unsettled.push(error));
    await broken.ready;
    for (const n of [1, 2]) await one.publish(placed, { n });
    await until(() => unsettled.length > 0);
    const letters = await one.deadLetters(placed, 'g').list();
    expect(letters).toHaveLength(1);
    expect(String(unsettled[0])).toContain('maximum messages per subject exceeded');
    await letters[0]!.discard();
    await until(async () => (await one.deadLetters(placed, 'g').list()).length === 1, 15_000);
  });

  it('are not pushed out by what comes later: a full stream takes no more until there is room', async () => {
    const { bus, manager, prefix } = await jetStreamScene();
    const one = bus({ maxBytes: 200_000 }, { codec: bytesCodec, publishTimeoutMs: 1_500 });
    const raw = topic<Uint8Array>('raw', {});
    const first = one.subscribe(raw, { group: 'g' }, () => {});
    await first.ready;
    await first.close();
    const body = new Uint8Array(20_000);
    let stored = 0;
    let tried = 0;
    let refused: unknown;
    while (refused === undefined && tried++ < 50) {
      await one.publish(raw, body).then(
        () => void stored++,
        error => {
          // Where its time was up while it was being tried again, nobody can know.
          if (!error.maybeStored) refused = error;
        },
      );
    }
    expect(stored).toBeGreaterThan(5);
    expect(refused).toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: false });
    expect(String(refused)).toContain('maximum bytes exceeded');
    let seen = 0;
    await one.subscribe(raw, { group: 'g' }, () => void seen++).ready;
    await until(() => seen === stored);
    // Dealt with, and still there: it goes now that its room is needed.
    expect((await manager.streams.info(prefix)).state.messages).toBe(stored);
    for (let more = 0; more < 3 * stored; more++) await one.publish(raw, body);
    await until(() => seen === 4 * stored);
    expect((await manager.streams.info(prefix)).state.messages).toBeLessThan(2 * stored);
  });

  it('hold nothing back when there is no group, and make room of the oldest', async () => {
    const { bus } = await jetStreamScene();
    const one = bus({ maxBytes: 200_000 }, { codec: bytesCodec });
    const raw = topic<Uint8Array>('raw', {});
    for (let n = 0; n < 30; n++)
      await one.publish(
        raw,
        Uint8Array.from({ length: 20_000 }, () => n),
      );
    const seen: number[] = [];
    await one.subscribe(raw, { group: 'g', start: 'earliest' }, ({ data }) => void seen.push(data[0]!)).ready;
    await until(() => seen.at(-1) === 29);
    expect(seen.length).toBeGreaterThan(2);
  });
});
