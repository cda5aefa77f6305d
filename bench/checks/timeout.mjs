import { must, settled } from './must.mjs';

const never = () => new Promise(() => {});

/** An operation that never ends is answered for; one that ends passes its value or its error through. */
export async function fires(make, settings) {
  const boom = new Error('boom');
  must((await make(settings, async () => 7)()) === 7, 'a value in time passes through');
  const failing = make(settings, async () => {
    throw boom;
  });
  must((await settled(failing())).error === boom, 'an error in time passes through');
  const hanging = make({ ...settings, timeoutMs: 20 }, never);
  const answers = await Promise.all([settled(hanging()), settled(hanging()), settled(hanging())]);
  must(
    answers.every(answer => 'error' in answer && answer.error !== undefined),
    'an operation that never ends is given up on',
  );
}
