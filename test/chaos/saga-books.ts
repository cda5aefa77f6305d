import type { Pool } from 'pg';

/** The steps of an order, in order, each of which is a participant. */
export const STEPS = ['reserve', 'charge', 'ship'] as const;

interface Effect {
  readonly saga: string;
  readonly direction: 'forward' | 'compensate';
  readonly thing: string;
  readonly amount: number;
  readonly at: number;
}

/** What the books say at the end. */
export interface Books {
  readonly lines: readonly string[];
  /** What must not be. */
  readonly wrong: readonly string[];
}

async function effectsOf(pool: Pool): Promise<readonly Effect[]> {
  const text = `SELECT saga, direction, thing, amount, extract(epoch FROM at)::float8 AS at FROM shop.effect`;
  return (await pool.query(text)).rows;
}

/** What was taken of each thing, and not given back, has to be what is missing there. */
async function conserved(step: string, pool: Pool, effects: readonly Effect[]): Promise<Books> {
  const { rows } = await pool.query('SELECT thing, begun_with, amount FROM shop.stand ORDER BY thing');
  const taken = new Map<string, number>();
  for (const { thing, amount } of effects) taken.set(thing, (taken.get(thing) ?? 0) + amount);
  const wrong: string[] = [];
  let [before, left, kept] = [0, 0, 0];
  for (const { thing, begun_with: begun, amount } of rows) {
    before += begun;
    left += amount;
    kept += taken.get(thing) ?? 0;
    if (begun - amount !== (taken.get(thing) ?? 0) || amount < 0) {
      wrong.push(`${step}: ${thing} began with ${begun}, has ${amount}, and ${taken.get(thing)} were taken`);
    }
  }
  const lines = [`${step.padEnd(8)} began with ${before}, has ${left}, completed orders have ${kept}`];
  return { lines, wrong };
}

/** What each step did and undid in one saga, against how the saga ended. */
function objectionTo(id: string, status: string, found: readonly (readonly Effect[])[]): string | undefined {
  let doneBefore = 0;
  let undoneAfter = Number.POSITIVE_INFINITY;
  for (const [at, effects] of found.entries()) {
    const step = STEPS[at]!;
    const done = effects.filter(({ direction }) => direction === 'forward');
    const undone = effects.filter(({ direction }) => direction === 'compensate');
    if (done.length > 1 || undone.length > 1) {
      return `${id}: ${step} was done ${done.length} times, undone ${undone.length} times`;
    }
    const wanted = status === 'completed' ? [1, 0] : [done.length, done.length];
    if (done.length !== wanted[0] || undone.length !== wanted[1]) {
      return `${id} is ${status}, and ${step} was done ${done.length} times, undone ${undone.length} times`;
    }
    if (done.length === 0) continue;
    if (done[0]!.at < doneBefore) return `${id}: ${step} was done before the step before it`;
    doneBefore = done[0]!.at;
    if (undone.length === 0) continue;
    if (undone[0]!.at > undoneAfter) return `${id}: ${step} was undone before the step after it`;
    undoneAfter = undone[0]!.at;
  }
  return undefined;
}

/** Compares what sagas say with what participants have in their tables. */
export async function balance(orders: Pool, participants: readonly Pool[], count: number): Promise<Books> {
  const { rows: sagas } = await orders.query('SELECT id, status, epoch FROM keelson.saga');
  const lines: string[] = [];
  const wrong: string[] = [];
  const bySaga = new Map<string, Effect[][]>(sagas.map(({ id }) => [id, STEPS.map(() => [])]));
  for (const [at, pool] of participants.entries()) {
    const effects = await effectsOf(pool);
    const books = await conserved(STEPS[at]!, pool, effects);
    lines.push(...books.lines);
    wrong.push(...books.wrong);
    for (const effect of effects) {
      const found = bySaga.get(effect.saga)?.[at];
      if (found === undefined) wrong.push(`${STEPS[at]} of ${effect.saga}, which is no saga`);
      else found.push(effect);
    }
  }
  const ends: Record<string, number> = { completed: 0, compensated: 0, parked: 0 };
  for (const { id, status } of sagas) {
    ends[status] = (ends[status] ?? 0) + 1;
    const objection = objectionTo(id, status, bySaga.get(id)!);
    if (objection !== undefined) wrong.push(objection);
  }
  const { completed = 0, compensated = 0 } = ends;
  if (completed + compensated !== count) wrong.push(`of ${count} orders ended ${JSON.stringify(ends)}`);
  const claims = sagas.reduce((sum, { epoch }) => sum + epoch, 0);
  const { rows: events } = await orders.query(`
    SELECT event::json->>'kind' AS kind, count(*)::int AS count FROM keelson.saga_event
    GROUP BY 1 ORDER BY 1`);
  const told = events.map(({ kind, count: many }) => `${kind} ${many}`).join(', ');
  lines.unshift(`journals ${told}`);
  lines.unshift(`sagas    ${JSON.stringify(ends)}, claimed ${claims} times`);
  return { lines, wrong };
}
