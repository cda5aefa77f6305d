// The least that keeps the promises of a saga in memory, written for these four steps and nothing else.
const STEPS = ['a', 'b', 'c', 'd'];
const LEASE_MS = 30_000;
const MARGIN_MS = 5_000;

/** Rows with a serialised state, each behind an epoch and a revision; a thousand that are over are kept. */
class Rows {
  rows = new Map();
  over = new Set();

  async insert(id, state) {
    const now = Date.now();
    const row = { id, state, status: 'running', epoch: 1, revision: 0, wakeAt: now + LEASE_MS, history: [] };
    this.rows.set(id, row);
  }

  async write({ id, epoch, revision, state, status, event }) {
    const row = this.rows.get(id);
    if (row === undefined || row.epoch !== epoch || row.revision !== revision) return 'stale';
    const at = Date.now();
    row.state = state;
    row.status = status;
    row.revision++;
    row.history.push({ seq: row.revision, at, epoch, event });
    if (status !== 'completed') return 'written';
    row.wakeAt = undefined;
    this.over.add(id);
    if (this.over.size > 1_000) {
      const [oldest] = this.over;
      this.over.delete(oldest);
      this.rows.delete(oldest);
    }
    return 'written';
  }
}

/** No compensation, no retry, no timeout, no cancelling, no taking over, no waiting for an end elsewhere. */
export const byHand = {
  name: 'by hand',
  open: async () => {
    const store = new Rows();
    let ran = 0;
    const forward = () => void ran++;
    const steps = STEPS.map(name => ({ name, forward }));
    const run = async () => {
      const id = crypto.randomUUID();
      const leaseUntil = performance.now() + LEASE_MS;
      const state = { direction: 'forward', entries: {} };
      const outputs = {};
      await store.insert(id, JSON.stringify(state));
      let revision = 0;
      for (const { name, forward } of steps) {
        if (performance.now() >= leaseUntil - MARGIN_MS) throw new Error('the lease is about to end');
        const output = await forward({ id, outputs, key: `${id}:${name}:forward`, attempt: 1, epoch: 1 });
        if (output !== undefined) outputs[name] = output;
        state.entries[name] = { state: 'done', output };
        const status = revision + 1 === steps.length ? 'completed' : 'running';
        const event = { kind: 'done', step: name, output };
        const write = { id, epoch: 1, revision: revision++, state: JSON.stringify(state), status, event };
        if ((await store.write(write)) === 'stale') throw new Error('somebody else has it');
      }
      return outputs;
    };
    return { run, ran: () => ran, close: async () => {} };
  },
};
