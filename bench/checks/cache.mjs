import { must, settled } from './must.mjs';

/** One run answers all later calls; an error is not kept. */
export async function caches(make, settings) {
  let runs = 0;
  const call = make(settings, async () => ++runs);
  must((await call()) === 1 && (await call()) === 1, 'answers the second call without a run');
  runs = 0;
  const flaky = make(settings, async () => {
    if (++runs === 1) throw new Error('down');
    return runs;
  });
  must((await settled(flaky())).error?.message === 'down', 'passes an error on');
  must((await flaky()) === 2, 'keeps no error');
}

/** One run for all that call at one time, another one for those who come later; an error goes to all. */
export async function coalesces(make, settings) {
  let runs = 0;
  const call = make(settings, async () => ++runs);
  must((await Promise.all([call(), call(), call()])).join() === '1,1,1', 'runs once for calls at one time');
  must((await call()) === 2, 'runs again for a later call');
  const failing = make(settings, async () => {
    throw new Error(`run ${++runs}`);
  });
  const fates = await Promise.all([settled(failing()), settled(failing())]);
  must(
    fates.every(({ error }) => error?.message === 'run 3'),
    'gives an error to all who share the run',
  );
  must((await settled(failing())).error?.message === 'run 4', 'keeps no error');
}
