import { must, settled } from './must.mjs';

/** Of more calls at once than the burst, only so many run. */
export async function spares(make, settings) {
  let ran = 0;
  const call = make(settings, async () => {
    ran++;
    return 1;
  });
  const { burst } = settings;
  const answers = await Promise.all(Array.from({ length: 2 * burst }, () => settled(call())));
  must(ran === burst, `${burst} run at once, saw ${ran}`);
  must(answers.filter(answer => 'error' in answer).length === burst, 'the others are refused');
}
