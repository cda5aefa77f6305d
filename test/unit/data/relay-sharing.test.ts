import { describe, expect, it } from 'vitest';
import { relayScene } from './relay-scene.js';

describe('relays that share', () => {
  it('gives a bucket that another relay is to have back at once, and not with the next beat', async () => {
    const { relay, clock, publish, through } = relayScene();
    const [first, second] = [relay(), relay()];
    await first.start();
    // It says that it lives every ten seconds by now, and hears of others then.
    await clock.advance(30_001);
    await second.start();
    await clock.advance(10_000);
    await publish(...Array.from({ length: 200 }, (_, n) => `k${n}.1`));
    await clock.advance(2_500);
    expect([first, second].map(one => one.snapshot().buckets)).toEqual([32, 32]);
    expect(through).toHaveLength(200);
    await first.close();
    await second.close();
  });

  it('shares soon with those that begin when it does', async () => {
    const { relay, clock } = relayScene();
    const relays = [relay(), relay(), relay(), relay()];
    for (const one of relays) await one.start();
    await clock.advance(6_100);
    expect(relays.map(one => one.snapshot().buckets)).toEqual([16, 16, 16, 16]);
    for (const one of relays) await one.close();
  });
});
