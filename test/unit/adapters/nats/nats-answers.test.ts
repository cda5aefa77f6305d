import { describe, expect, it } from 'vitest';
import { NatsAnswers } from '../../../../src/adapters/nats/nats-answers.js';
import { settle } from '../../../../src/testing/settle.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

function scene() {
  const replies: string[] = [];
  let callback: (error: Error | null, message: unknown) => void = () => {};
  const client = {
    publish: (_subject: string, _payload: string, { reply }: { reply: string }) => void replies.push(reply),
    subscribe: (_subject: string, options: { callback: typeof callback }) => {
      callback = options.callback;
      return { isClosed: () => false, unsubscribe: () => {} };
    },
  };
  const clock = new VirtualClock();
  const answers = new NatsAnswers(client as never, clock);
  const told: string[] = [];
  const tell = (name: string): void => {
    answers.tell(`ack.${name}`, '+ACK', 2_000).then(
      () => void told.push(name),
      (error: Error) => void told.push(`${name}: ${error.message}`),
    );
  };
  const answer = async (subject: string, code?: number) => {
    const headers = code === undefined ? undefined : { code };
    callback(null, { subject, data: new Uint8Array(0), headers });
    await settle();
  };
  return { answers, clock, replies, told, tell, answer };
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => String(at + 1));

describe('what is only to be heard', () => {
  it('shares an answer with what is told in the same turn, which is there when all are', async () => {
    const { replies, told, tell, answer } = scene();
    for (const name of ['a', 'b']) tell(name);
    await settle();
    tell('c');
    expect([new Set(replies).size, replies[0] === replies[1]]).toEqual([2, true]);
    await answer(replies[0]!);
    expect(told).toEqual([]);
    await answer(replies[2]!);
    expect(told).toEqual(['c']);
    await answer(replies[1]!);
    expect(told).toEqual(['c', 'a', 'b']);
    // More answers than questions are nobody's business.
    await answer(replies[1]!);
    expect(told).toHaveLength(3);
  });

  it('shares it with no more than 31 others', async () => {
    const { replies, told, tell, answer } = scene();
    const names = upTo(70);
    for (const name of names) tell(name);
    expect(new Set(replies).size).toBe(3);
    for (const reply of replies.slice(0, 32)) await answer(reply);
    expect(told).toEqual(names.slice(0, 32));
    for (const reply of replies.slice(32)) await answer(reply);
    expect(told).toEqual(names);
  });

  it('fails together: unheard, without one of its answers, or when the connection is lost', async () => {
    const { answers, clock, replies, told, tell, answer } = scene();
    for (const name of ['a', 'b']) tell(name);
    await answer(replies[0]!, 503);
    expect(told.splice(0)).toEqual(['a', 'b'].map(name => `${name}: nats: nobody listens to ack.a`));
    for (const name of ['c', 'd']) tell(name);
    await answer(replies[2]!);
    await clock.advance(2_100);
    expect(told.splice(0)).toEqual(['c', 'd'].map(name => `${name}: nats: no answer of ack.c in time`));
    await answer(replies[3]!);
    for (const name of ['e', 'f']) tell(name);
    answers.lose(new Error('lost'));
    await settle();
    expect(told).toEqual(['e: lost', 'f: lost']);
    expect(clock.timers).toBe(0);
  });
});
