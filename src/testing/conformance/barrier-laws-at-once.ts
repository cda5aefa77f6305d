import type { BarrierAnswer } from '../../saga/barrier.js';
import type { Demand } from '../law.js';
import type { BarrierLaw, BarrierStage } from './barrier-stage.js';

/** Opens a transaction that has run `key`, and ends it when it is told to. */
function opened<Transaction>(stage: BarrierStage<Transaction>, key: string, commits: boolean) {
  let end = (): void => {};
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  let reached = (): void => {};
  const ran = new Promise<void>(resolve => {
    reached = resolve;
  });
  const before = (): Promise<void> => {
    reached();
    return ended;
  };
  const call = commits ? stage.call(key, undefined, before) : stage.fail(key, undefined, before);
  return { ran, end, call };
}

/** While the first is open the second waits; then it is answered by what was committed. */
async function meeting<Transaction>(
  stage: BarrierStage<Transaction>,
  demand: Demand,
  { first, second, commits }: { first: string; second: string; commits: boolean },
): Promise<string> {
  const open = opened(stage, first, commits);
  await open.ran;
  let answered = false;
  const call = stage.call(second).then(answer => {
    answered = true;
    return answer;
  });
  await stage.blocked();
  demand(!answered, `${second} to wait for ${first}`, 'an answer');
  open.end();
  await open.call;
  return (await call).outcome;
}

export const barrierLawsAtOnce: Readonly<Record<string, BarrierLaw>> = {
  'a repeat waits for the call under way, and is answered by what was committed': async (stage, demand) => {
    const key = (saga: string) => ({ first: `${saga}:pay:forward`, second: `${saga}:pay:forward` });
    const kept = await meeting(stage, demand, { ...key('a'), commits: true });
    demand(kept === 'duplicate', 'the kept result', kept);
    const anew = await meeting(stage, demand, { ...key('b'), commits: false });
    demand(anew === 'done', 'it to run after a rollback', anew);
    const balance = await stage.subject.balance();
    demand(balance === 2, 'one effect each', balance);
  },

  'a compensation waits for its step under way, and a step for its compensation': async (stage, demand) => {
    const cases = [
      { first: 'a:pay:forward', second: 'a:pay:compensate', commits: true, outcome: 'done' },
      { first: 'b:pay:forward', second: 'b:pay:compensate', commits: false, outcome: 'void' },
      { first: 'c:pay:compensate', second: 'c:pay:forward', commits: true, outcome: 'refused' },
      { first: 'd:pay:compensate', second: 'd:pay:forward', commits: false, outcome: 'done' },
    ];
    for (const { outcome, ...scene } of cases) {
      const got = await meeting(stage, demand, scene);
      demand(got === outcome, `${outcome} for ${scene.second}`, got);
    }
    const balance = await stage.subject.balance();
    demand(balance === 1, 'only the last step to count', balance);
  },

  'nobody waits for another step': async (stage, demand) => {
    const open = opened(stage, 'a:pay:forward', true);
    await open.ran;
    const others = ['a:ship:forward', 'b:pay:forward', 'b:pay:compensate'].map(key => stage.call(key));
    let answers: readonly BarrierAnswer<unknown>[] = [];
    const all = Promise.all(others).then(given => {
      answers = given;
    });
    for (let turn = 0; turn < 50 && answers.length === 0; turn++) {
      await Promise.race([all, stage.blocked()]);
    }
    const before = answers;
    open.end();
    await Promise.all([all, open.call]);
    demand(before.length === 3, 'all of them to be answered while another step is held', before);
  },

  'what is held is not deleted': async (stage, demand) => {
    await stage.call('a:pay:forward');
    const open = opened(stage, 'a:pay:compensate', true);
    await open.ran;
    const purged = await stage.subject.store.purge(0, 100);
    demand(purged === 0, 'nothing to be deleted', purged);
    open.end();
    await open.call;
  },
};
