import { turn } from '../harness/drivers.mjs';
import { must, settled } from './must.mjs';

/** An operation that waits to be let go, and counts how many wait at once. */
function gated() {
  const state = { running: 0, most: 0, started: [], gates: [] };
  state.operation = () => {
    state.running++;
    state.most = Math.max(state.most, state.running);
    const order = state.started.length;
    state.started.push(order);
    return new Promise(resolve => {
      state.gates.push(() => {
        state.running--;
        resolve(order);
      });
    });
  };
  return state;
}

async function letAllGo(state, results) {
  let open = true;
  const all = Promise.all(results).finally(() => {
    open = false;
  });
  while (open) {
    state.gates.shift()?.();
    await turn();
  }
  return all;
}

/** Of `calls` at once never more than `slots` run; with a line all get their turn, in the order they came. */
export async function limits(make, settings, lacks, calls = 3 * settings.slots) {
  const state = gated();
  const call = make(settings, state.operation);
  const results = Array.from({ length: calls }, () => settled(call()));
  await turn();
  must(state.running === settings.slots, `${settings.slots} run at once, saw ${state.running}`);
  const answers = await letAllGo(state, results);
  must(state.most === settings.slots, `never more than ${settings.slots} run, saw ${state.most}`);
  const ran = answers.filter(answer => 'value' in answer);
  must(
    ran.length === (lacks.includes('queue') ? settings.slots : calls),
    `all that wait run, saw ${ran.length}`,
  );
  must(
    ran.every(({ value }, i) => value === i),
    'those who wait run in the order they came',
  );
}
