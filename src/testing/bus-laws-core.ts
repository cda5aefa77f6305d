import { bytesCodec } from '../messaging/codec.js';
import type { Message } from '../messaging/message.js';
import { topic } from '../messaging/topic.js';
import { sameSet, upTo, watch } from './bus-subject.js';
import type { StagedLaw } from './staged-law.js';

/** That everything that was published is there in the end, whoever shares it. */
export const distributionLaws: readonly StagedLaw[] = [
  {
    name: 'keeps for a group what is published while nobody consumes',
    check: async (stage, demand) => {
      const from = stage.topic();
      const first = watch(stage.bus(), from, { group: 'g' });
      await first.ready;
      await first.subscription.close();
      const publisher = stage.bus();
      for (const n of upTo(20)) await publisher.publish(from, { n });
      const later = watch(stage.bus(), from, { group: 'g', concurrency: 5 });
      await stage.until(() => later.seen.length >= 20);
      const kept = stage.capabilities.durableGroups ? upTo(20) : [];
      demand(sameSet(later.seen, kept), `${kept.length} messages`, later.seen);
    },
  },
  {
    name: 'hands each group everything, and each message to one member',
    check: async (stage, demand) => {
      const from = stage.topic();
      const groups = ['one', 'two'].map(group =>
        upTo(3).map(() => watch(stage.bus(), from, { group, concurrency: 2 })),
      );
      await Promise.all(groups.flat().map(member => member.ready));
      const publisher = stage.bus();
      await Promise.all(upTo(60).map(n => publisher.publish(from, { n })));
      const all = (group: (typeof groups)[number]) => group.flatMap(member => member.seen);
      await stage.until(() => groups.every(group => all(group).length >= 60));
      await stage.pass(100);
      for (const group of groups) demand(sameSet(all(group), upTo(60)), 'each of 60 once', all(group));
    },
  },
  {
    name: 'hands everybody without a group everything',
    check: async (stage, demand) => {
      const from = stage.topic();
      const members = upTo(3).map(() => watch(stage.bus(), from, { group: null }));
      await Promise.all(members.map(member => member.ready));
      const publisher = stage.bus();
      for (const n of upTo(10)) await publisher.publish(from, { n });
      await stage.until(() => members.every(member => member.seen.length >= 10));
      for (const { seen } of members) demand(sameSet(seen, upTo(10)), 'all 10', seen);
    },
  },
  {
    name: 'keeps topics apart',
    check: async (stage, demand) => {
      const topics = upTo(5).map(() => stage.topic());
      const bus = stage.bus();
      const watched = topics.map(from => watch(bus, from, { group: 'g', concurrency: 4 }));
      await Promise.all(watched.map(each => each.ready));
      await Promise.all(topics.map((to, at) => bus.publish(to, { n: at })));
      await stage.until(() => watched.every(each => each.seen.length >= 1));
      for (const [at, { seen }] of watched.entries()) demand(sameSet(seen, [at]), `only ${at}`, seen);
    },
  },
  {
    name: 'loses nothing between five publishers and ten consumers',
    check: async (stage, demand) => {
      const from = stage.topic();
      const consumers = upTo(10).map(() => watch(stage.bus(), from, { group: 'g', concurrency: 4 }));
      await Promise.all(consumers.map(each => each.ready));
      const publishers = upTo(5).map(() => stage.bus());
      const numbers = upTo(1_000);
      await Promise.all(numbers.map(n => publishers[n % 5]!.publish(from, { n })));
      const all = () => consumers.flatMap(each => each.seen);
      await stage.until(() => new Set(all()).size >= numbers.length, 30_000);
      demand(sameSet([...new Set(all())], numbers), 'all 1000', all().length);
    },
  },
  {
    name: 'says of each message of many what came of it, in their order',
    check: async (stage, demand) => {
      const results = await stage.bus().publishAll(stage.topic(), [{ n: 1 }, { n: 2n as never }, { n: 3 }]);
      const told = results.map(result => result.ok);
      demand(JSON.stringify(told) === '[true,false,true]', 'the second one to fail', told);
    },
  },
];

const texts = ['plain', '', 'Euro € 😀', 'a "quoted" %41 = ; , value', ' spaces around ', 'a longer one '];

/** That what comes out is what went in, or that it is refused before anything is sent. */
export const shapeLaws: readonly StagedLaw[] = [
  {
    name: 'carries bytes as they are',
    check: async (stage, demand) => {
      const from = topic<Uint8Array>(stage.topic().name);
      const bodies = [[], [0], [0xff, 0xfe, 0x00, 0x80], Array.from({ length: 60_000 }, (_, at) => at % 256)];
      const seen: Uint8Array[] = [];
      const bus = stage.bus({ codec: bytesCodec });
      await bus.subscribe(from, { group: 'g' } as never, ({ data }) => void seen.push(data)).ready;
      for (const body of bodies) await bus.publish(from, Uint8Array.from(body));
      await stage.until(() => seen.length >= bodies.length);
      const lengths = seen.map(each => each.length).sort((a, b) => a - b);
      const same = bodies.every(body =>
        seen.some(each => each.length === body.length && body.every((b, at) => b === each[at])),
      );
      demand(same && lengths.length === bodies.length, 'the same bytes', lengths);
    },
  },
  {
    name: 'carries headers as they are, unicode too, and 24 of them',
    check: async (stage, demand) => {
      const from = stage.topic();
      const headers: Record<string, string> = {};
      for (const [at, text] of texts.entries()) headers[`text-${at}`] = text;
      for (const n of upTo(24 - texts.length)) headers[`header-${n}`] = String(n);
      const seen: Readonly<Record<string, string>>[] = [];
      const bus = stage.bus();
      const note = (message: { readonly headers: Readonly<Record<string, string>> }) =>
        void seen.push(message.headers);
      await bus.subscribe(from, { group: 'g' } as never, note).ready;
      await bus.publish(from, { n: 1 }, { headers } as never);
      await stage.until(() => seen.length > 0);
      const got = seen[0] ?? {};
      const wrong = Object.keys({ ...headers, ...got }).filter(name => headers[name] !== got[name]);
      demand(
        wrong.length === 0,
        'the same headers',
        wrong.map(name => [name, got[name]]),
      );
    },
  },
  {
    name: 'keeps id, key, version, correlation and causation',
    check: async (stage, demand) => {
      const from = stage.topic();
      const seen: object[] = [];
      const bus = stage.bus({ source: 'urn:test:é' });
      await bus.subscribe(
        from,
        { group: 'g' } as never,
        ({ data: _, time: __, ...rest }) => void seen.push(rest),
      ).ready;
      const facts = { id: 'the-id', key: 'the key ✓', correlationId: 'c-1' };
      await bus.publish(from, { n: 1 }, facts as never);
      await stage.until(() => seen.length > 0);
      const got = seen[0] as Partial<Message> | undefined;
      const expected = {
        ...facts,
        version: 1,
        causationId: undefined,
        source: 'urn:test:é',
        attempt: 1,
        replays: 0,
      };
      for (const [name, value] of Object.entries(expected)) {
        demand(got?.[name as keyof Message] === value, `${name} ${value}`, got?.[name as keyof Message]);
      }
    },
  },
  {
    name: 'refuses what is too large before it sends anything',
    // One that takes more is not asked: the law would have to hold all of it in memory.
    needs: ({ maxRecordBytes }) => maxRecordBytes <= 64 * 1_048_576,
    check: async (stage, demand) => {
      const { maxRecordBytes } = stage.capabilities;
      const from = topic<Uint8Array>(stage.topic().name);
      const bus = stage.bus({ codec: bytesCodec });
      const sent = bus.publish(from, new Uint8Array(maxRecordBytes + 1));
      const code = await sent.then(
        () => 'sent',
        (error: { readonly code?: string }) => error.code,
      );
      demand(code === 'ERR_RECORD_TOO_LARGE', 'ERR_RECORD_TOO_LARGE', code);
    },
  },
];
