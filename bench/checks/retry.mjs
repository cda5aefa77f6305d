import { must, settled } from './must.mjs';

/** Two failures and a success answer with the success; failures alone, with the last after all attempts. */
export async function retries(make, settings) {
  let runs = 0;
  const flaky = make(settings, async () => {
    if (++runs < settings.attempts) throw new Error(`attempt ${runs}`);
    return 'made it';
  });
  must(
    (await flaky()) === 'made it' && runs === settings.attempts,
    `succeeds on attempt ${settings.attempts}`,
  );
  runs = 0;
  const hopeless = make(settings, async () => {
    throw new Error(`attempt ${++runs}`);
  });
  const { error } = await settled(hopeless());
  must(runs === settings.attempts, `gives up after ${settings.attempts} attempts, made ${runs}`);
  must(error?.message === `attempt ${settings.attempts}`, 'gives the error of the last attempt');
}
