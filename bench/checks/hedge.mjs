import { must, settled } from './must.mjs';

/** A value in time passes through; where the first attempt hangs a second one answers; failures are told. */
export async function hedges(make, settings) {
  must((await make(settings, async () => 7)()) === 7, 'a value in time passes through');
  let runs = 0;
  const hanging = async () => (++runs === 2 ? new Promise(() => {}) : runs);
  const call = make({ ...settings, delayMs: 20 }, hanging);
  // A delay may have to be learnt from a call.
  await call();
  must((await call()) === 3, 'a second attempt answers');
  must(runs === 3, 'there are two attempts and no more');
  const failing = make({ ...settings, delayMs: 20 }, () => Promise.reject(new Error('boom')));
  must('error' in (await settled(failing())), 'a call fails when all attempts do');
}
