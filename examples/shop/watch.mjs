/** How many orders have to be half way with a worker that is killed. */
const HALF_WAY = 2;

/** Knows which orders are half way with which worker, and what was taken over. */
export class Watch {
  #orders = { 'worker 1': new Set(), 'worker 2': new Set() };
  takenOver = 0;
  /** How often customers have come so far. */
  rounds = 0;
  #onBusy = () => {};

  /** What a process says of itself. */
  hear(name, { type, sagaId, event, step }) {
    if (type === 'takenOver') this.takenOver++;
    if (type !== 'progress') return;
    const mine = this.#orders[name];
    if (event === 'done' && step === 'reserve') mine.add(sagaId);
    if (event !== 'done' || step === 'charge') mine.delete(sagaId);
    this.#onBusy();
  }

  /** The first worker with so many orders half way; when the patience is over, the one that has most. */
  async busy(patience) {
    const most = () => Object.entries(this.#orders).sort(([, a], [, b]) => b.size - a.size)[0];
    await new Promise(resolve => {
      this.#onBusy = () => {
        if (most()[1].size >= HALF_WAY) resolve(undefined);
      };
      this.#onBusy();
      void patience.then(resolve);
    });
    this.#onBusy = () => {};
    const [name, orders] = most();
    orders.clear();
    return name;
  }
}
