// Plays every scenario with one subject, in a process of its own: its time is taken from it.
import { play } from './play.mjs';
import { scenarios, subjects } from './scenarios.mjs';

const makeSubject = await subjects[process.argv[2]]();
for (const scenario of scenarios()) {
  process.send({ id: scenario.id, verdict: await play(scenario, makeSubject) });
}
process.exit(0);
