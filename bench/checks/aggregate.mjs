import { must } from './must.mjs';

/** Runs all five parts, and answers with their values by name. */
export async function aggregates(make, settings) {
  let runs = 0;
  const call = make(settings, async () => ++runs);
  const answer = await call();
  must(Object.keys(answer).join() === 'a,b,c,d,e', 'names the five parts in their order');
  must(Object.values(answer).every(value => value > 0) && runs > 0, 'answers with what the parts gave');
}
