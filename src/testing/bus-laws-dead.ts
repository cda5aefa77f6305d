import type { Capabilities } from '../messaging/capabilities.js';
import type { DeadLetter, DeadLetters } from '../messaging/dead-letters.js';
import type { Topic } from '../messaging/topic.js';
import { type BusStage, type Sample, sameSet, upTo, watch } from './bus-subject.js';
import type { StagedLaw } from './staged-law.js';

/** What `letters` lists once there are `count`, or when it has not come to that. */
async function listed<C extends Capabilities>(
  stage: BusStage<C>,
  letters: DeadLetters,
  count: number,
): Promise<readonly DeadLetter[]> {
  for (let tries = 0; ; tries++) {
    const dead = await letters.list();
    if (dead.length >= count || tries === 50) return dead;
    await stage.pass(100);
  }
}

/** A topic whose group `g` fails at once with all that comes. */
async function sickTopic<C extends Capabilities>(stage: BusStage<C>): Promise<Topic<Sample, Sample>> {
  const topic = stage.topic();
  const consumer = watch(stage.bus(), topic, { group: 'g', failure: { redeliver: [] } }, () => {
    throw new Error('sick');
  });
  await consumer.ready;
  return topic;
}

/** That what cannot be handled ends as a dead letter, once, and can come back. */
export const deadLetterLaws: readonly StagedLaw[] = [
  {
    name: 'makes a dead letter of what cannot be handled, once, whoever of the group fails',
    needs: ({ browseDeadLetters }) => browseDeadLetters,
    check: async (stage, demand) => {
      const from = stage.topic();
      const failure = { redeliver: [0, 0] };
      const fail = () => {
        throw Object.assign(new TypeError('broken'), { code: 'E_BROKEN' });
      };
      const options = { group: 'g', failure, concurrency: 3, leaseMs: stage.leaseMs };
      const members = upTo(3).map(() => watch(stage.bus(), from, options, fail));
      await Promise.all(members.map(member => member.ready));
      const bus = stage.bus();
      for (const n of upTo(20))
        await bus.publish(from, { n, key: `k${n}` }, { headers: { tenant: 't1' } } as never);
      const letters = bus.deadLetters(from, 'g');
      await listed(stage, letters, 20);
      await stage.pass(200);
      const dead = await letters.list();
      const numbers = dead.map(letter => (letter.data as { readonly n: number }).n);
      demand(sameSet(numbers, upTo(20)), 'each of 20 once', numbers);
      const { message, error, reason, attempts } = dead[0]!;
      const told = [message.headers['tenant'], error.name, error.code, error.message, reason, attempts];
      const expected = ['t1', 'TypeError', 'E_BROKEN', 'broken', 'exhausted', 3];
      demand(JSON.stringify(told) === JSON.stringify(expected), String(expected), told);
    },
  },
  {
    name: 'makes a dead letter of what cannot be read, and goes on with its neighbours',
    needs: ({ browseDeadLetters }) => browseDeadLetters,
    check: async (stage, demand) => {
      const to = stage.topic();
      const consumer = watch(stage.bus(), to, { group: 'g', concurrency: 2 });
      await consumer.ready;
      const driver = stage.driver();
      await driver.connect();
      const record = {
        ...{ topic: to.name, key: undefined, headers: {}, body: Uint8Array.from([0xff, 0xfe]) },
        ...{ notBefore: undefined, expiresAt: undefined, priority: 0, group: undefined },
      };
      const bus = stage.bus();
      await bus.publish(to, { n: 1 });
      await driver.publish([{ ...record, id: 'poison' }]);
      await bus.publish(to, { n: 2 });
      await stage.until(() => consumer.seen.length >= 2);
      const dead = await listed(stage, bus.deadLetters(to, 'g'), 1);
      demand(sameSet(consumer.seen, [1, 2]), '1 and 2', consumer.seen);
      demand(dead.length === 1 && dead[0]!.reason === 'undecodable', 'one that is undecodable', dead);
      await driver.close();
    },
  },
  {
    name: 'replays a dead letter to its group only, as if it were new',
    needs: ({ browseDeadLetters }) => browseDeadLetters,
    check: async (stage, demand) => {
      const from = stage.topic();
      let healthy = false;
      const attempts: number[] = [];
      const sick = watch(stage.bus(), from, { group: 'sick', failure: { redeliver: [] } }, (_, attempt) => {
        attempts.push(attempt);
        if (!healthy) throw new Error('sick');
      });
      const well = watch(stage.bus(), from, { group: 'well' });
      await Promise.all([sick.ready, well.ready]);
      const bus = stage.bus();
      await bus.publish(from, { n: 1 });
      const letters = bus.deadLetters(from, 'sick');
      const dead = await listed(stage, letters, 1);
      healthy = true;
      await dead[0]!.replay();
      await stage.until(() => sick.seen.length >= 1);
      await stage.pass(200);
      demand(sameSet(sick.seen, [1]) && sameSet(well.seen, [1]), 'once at each group', [
        sick.seen,
        well.seen,
      ]);
      demand(JSON.stringify(attempts) === '[1,1]', 'attempts that begin again', attempts);
      demand((await letters.list()).length === 0, 'no dead letter left', await letters.list());
    },
  },
  {
    name: 'discards a dead letter for good',
    needs: ({ browseDeadLetters }) => browseDeadLetters,
    check: async (stage, demand) => {
      const from = await sickTopic(stage);
      const bus = stage.bus();
      await bus.publish(from, { n: 1 });
      const letters = bus.deadLetters(from, 'g');
      const dead = await listed(stage, letters, 1);
      const counts = [await letters.count(), await bus.deadLetters(from, 'other').count()];
      demand(JSON.stringify(counts) === '[1,0]', 'a count of one, and of none in another group', counts);
      const answers = [await dead[0]!.discard(), await dead[0]!.discard(), await letters.count()];
      demand(JSON.stringify(answers) === '[true,false,0]', 'true, false, none left', answers);
    },
  },
  {
    name: 'lists and discards dead letters while somebody else does, each of them once',
    needs: ({ browseDeadLetters }) => browseDeadLetters,
    check: async (stage, demand) => {
      const from = await sickTopic(stage);
      const bus = stage.bus();
      for (const n of upTo(12)) await bus.publish(from, { n });
      const shelves = [bus, stage.bus()].map(each => each.deadLetters(from, 'g'));
      await listed(stage, shelves[0]!, 12);
      const discarded = shelves.map(async shelf => {
        let mine = 0;
        for (let left = await shelf.list(); left.length > 0; left = await shelf.list()) {
          for (const letter of left) if (await letter.discard()) mine += 1;
        }
        return mine;
      });
      const [one, other] = await Promise.all(discarded);
      demand(one! + other! === 12, '12 discarded in all', [one, other]);
      demand((await shelves[0]!.count()) === 0, 'none left', await shelves[0]!.count());
    },
  },
];
