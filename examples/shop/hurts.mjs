/**
 * What is done to the shop. Each puts right by the end of its phase what it has done.
 *
 * @typedef {object} Scene
 * @property {import('./fleet.mjs').Fleet} fleet
 * @property {(ratio: number) => Promise<unknown>} pass Waits for a part of the phase.
 * @property {(patience: Promise<unknown>) => Promise<string>} busyWorker The worker with orders half way.
 * @property {(what: string) => void} note
 * @property {() => Promise<void>} sendBot
 */

/**
 * By `how` of a phase.
 * @type {Record<string, (scene: Scene, phase: import('./schedule.mjs').Phase) => Promise<void>>}
 */
export const hurts = {
  nothing: async () => {},

  async mood({ fleet, pass }, { who, mood }) {
    fleet.mood(who, mood);
    await pass(1);
    fleet.mood(who, 'well');
  },

  async kill({ fleet, pass, note }, { who }) {
    await fleet.kill(who);
    note(`${who} killed`);
    await pass(0.4);
    await fleet.restart(who);
    note(`${who} back`);
  },

  async 'kill a worker'({ fleet, pass, busyWorker, note }) {
    // So that there are orders half way.
    fleet.mood('payments', 'slow');
    const worker = await busyWorker(pass(0.5));
    // The bare shop drives its orders itself: the same happens to it, and it is back at once.
    await Promise.all([fleet.kill(worker), fleet.kill('bare')]);
    note(`${worker} killed`);
    fleet.mood('payments', 'well');
    await fleet.restart('bare');
    await pass(0.3);
    await fleet.restart(worker);
    note(`${worker} back`);
  },

  async 'kill the bus'({ fleet, pass, note }) {
    await fleet.kill('bus');
    note('bus killed');
    // Orders end, and nobody can be told. Then those die who would tell it.
    await pass(0.5);
    const workers = ['worker 1', 'worker 2'];
    await Promise.all(workers.map(name => fleet.kill(name)));
    note('both workers killed');
    await Promise.all(['bus', ...workers].map(name => fleet.restart(name)));
    note('bus back');
  },

  rush: ({ sendBot }) => sendBot(),
};
