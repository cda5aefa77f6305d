import { expectTypeOf, it } from 'vitest';
import type { Policy } from '../../src/kernel/policy.js';
import { aggregate } from '../../src/proxy/aggregate.js';
import { mergeAnswers } from '../../src/proxy/merge-answers.js';
import type { MissingPart } from '../../src/proxy/missing-reason.js';
import { optional, part } from '../../src/proxy/part.js';
import { firstOf, quorum, scatterGather } from '../../src/proxy/scatter.js';

interface User {
  readonly id: string;
  readonly city: string;
}

declare const orNull: Policy<unknown, null>;
declare const forTexts: Policy<string>;
declare const loadUser: (id: string) => Promise<User>;

const user = part((_, id: string) => loadUser(id));

it('aggregate knows what each part answers, and which input they take', async () => {
  const page = aggregate({
    user,
    plain: () => 7,
    text: async (context, id: string) => `${id} ${context.key}`,
  });
  const answer = await page.execute('7');
  expectTypeOf(answer.data).toEqualTypeOf<{
    readonly user: User;
    readonly plain: number;
    readonly text: string;
  }>();
  expectTypeOf(answer.complete).toEqualTypeOf<true>();
  // @ts-expect-error the input is a text
  void page.execute(7);
  // @ts-expect-error and it has to be given
  void page.execute();
});

it('aggregate asks for no input where no part takes one', async () => {
  const page = aggregate({ one: () => 1, two: async () => 'two' });
  const { data } = await page.execute();
  expectTypeOf(data).toEqualTypeOf<{ readonly one: number; readonly two: string }>();
});

it('a part reads what others answered', async () => {
  const weather = part({ user }, async (_, __: unknown, got) => {
    expectTypeOf(got).toEqualTypeOf<{ readonly user: User }>();
    return got.user.city.length;
  });
  const page = aggregate({ weather });
  // The input of what it needs is its own as well.
  const { data } = await page.execute('7');
  expectTypeOf(data.weather).toEqualTypeOf<number>();
  // @ts-expect-error a text is asked for
  void page.execute(7);
  // @ts-expect-error there is no such part
  void part({ user }, (_, __: unknown, { order }) => order);
});

it('an optional part may be missing, and the answer says so', async () => {
  const page = aggregate({
    user,
    tips: optional(async () => ['a'], { otherwise: null }),
    orders: optional(part(() => 3)),
    late: optional(() => true, { otherwise: ({ why }) => why }),
  });
  const answer = await page.execute('7');
  expectTypeOf(answer.data.user).toEqualTypeOf<User>();
  expectTypeOf(answer.data.tips).toEqualTypeOf<string[] | null>();
  expectTypeOf(answer.data.orders).toEqualTypeOf<number | undefined>();
  if (answer.complete) {
    expectTypeOf(answer.data.tips).toEqualTypeOf<string[]>();
    expectTypeOf(answer.data.orders).toEqualTypeOf<number>();
    expectTypeOf(answer.missing).toEqualTypeOf<readonly []>();
  } else {
    expectTypeOf(answer.missing).toEqualTypeOf<readonly MissingPart<'tips' | 'orders' | 'late'>[]>();
  }
});

it('a part that needs an optional one is told of its stand-in', () => {
  part({ tips: optional(async () => 'tip', { otherwise: 0 }) }, (_, __: unknown, got) => {
    expectTypeOf(got).toEqualTypeOf<{ readonly tips: string | number }>();
    return got;
  });
});

it('the policy of a part adds what it answers, and takes what it is for', async () => {
  const page = aggregate({ user: part((_, id: string) => loadUser(id), { policy: orNull }) });
  expectTypeOf((await page.execute('7')).data.user).toEqualTypeOf<User | null>();
  part(async () => 'text', { policy: forTexts });
  // @ts-expect-error a policy for texts, and the answer is a number
  part(async () => 7, { policy: forTexts });
});

it('stream tells apart what came and what is missing', async () => {
  const page = aggregate({ user, tips: optional(() => 7) });
  for await (const arrived of page.stream('7')) {
    if (arrived.part === 'user') {
      expectTypeOf(arrived.ok).toEqualTypeOf<true>();
      expectTypeOf(arrived.value).toEqualTypeOf<User>();
    } else if (arrived.ok) {
      expectTypeOf(arrived.value).toEqualTypeOf<number>();
    } else {
      expectTypeOf(arrived.error).toEqualTypeOf<unknown>();
    }
  }
});

it('asking many keeps the endpoints and the answers', async () => {
  const ask = async (_: unknown, port: number) => `${port}`;
  const all = await scatterGather([1, 2], ask);
  const [first] = all;
  expectTypeOf(first!.endpoint).toEqualTypeOf<number>();
  if (first!.ok) expectTypeOf(first!.value).toEqualTypeOf<string>();
  expectTypeOf(await firstOf([1], ask, { policy: orNull })).toEqualTypeOf<string | null>();
  expectTypeOf(await quorum(1, [1], ask)).toEqualTypeOf<readonly string[]>();
});

it('mergeAnswers gives the last record its say', () => {
  const merged = mergeAnswers([{ id: 7, name: 'a' }, { name: true }, { late: null }]);
  expectTypeOf(merged).toEqualTypeOf<{ readonly id: 7; readonly name: true; readonly late: null }>();
  const byRule = mergeAnswers([{ id: 7 }, undefined], { conflict: 'first' });
  expectTypeOf(byRule).toEqualTypeOf<Readonly<Record<string, unknown>>>();
});
