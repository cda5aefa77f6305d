import { must, settled } from './must.mjs';

/** Calls with a failing operation until one is refused; tells how many failures that took. */
async function failuresUntilOpen(call, state, boom) {
  for (let failures = 0; failures < 1000; failures++) {
    const ranBefore = state.runs;
    const { error } = await settled(call());
    if (state.runs === ranBefore) {
      must(error !== undefined && error !== boom, 'a refusal is a rejection of its own');
      return failures;
    }
    must(error === boom, 'the error of the operation passes through');
  }
  throw new Error('does not hold: a breaker opens within 1000 failures');
}

/** After 200 successes, `least` to `most` failures in a row open the breaker; it refuses from then on. */
export async function trips(make, settings, least, most) {
  const boom = new Error('boom');
  const state = { runs: 0, fails: false };
  const call = make(settings, async () => {
    state.runs++;
    if (state.fails) throw boom;
    return state.runs;
  });
  for (let i = 1; i <= 200; i++) must((await call()) === i, 'a closed breaker passes the value through');
  state.fails = true;
  const failures = await failuresUntilOpen(call, state, boom);
  must(failures >= least && failures <= most, `opens after ${least} to ${most} failures, took ${failures}`);
  state.fails = false;
  const ranBefore = state.runs;
  for (let i = 0; i < 10; i++) must('error' in (await settled(call())), 'an open breaker refuses');
  must(state.runs === ranBefore, 'an open breaker does not run the operation');
}
