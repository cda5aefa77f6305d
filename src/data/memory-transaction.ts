/** A transaction in memory: what it wrote is seen by others when it has ended well. */
export interface InMemoryTransaction {
  /** Does something when the transaction commits, in the order in which it was asked. */
  onCommit(apply: () => void): void;
  /** Undoes something when the transaction rolls back; the latest goes first. */
  onRollback(undo: () => void): void;
}

class OpenTransaction implements InMemoryTransaction {
  readonly #applies: (() => void)[] = [];
  readonly #undos: (() => void)[] = [];

  onCommit(apply: () => void): void {
    this.#applies.push(apply);
  }

  onRollback(undo: () => void): void {
    this.#undos.push(undo);
  }

  commit(): void {
    for (const apply of this.#applies) apply();
  }

  rollBack(): void {
    for (const undo of this.#undos.reverse()) undo();
  }
}

/** Runs `work` in a transaction: it commits when `work` resolves, and rolls back when it rejects. */
export async function inMemory<Result>(
  work: (transaction: InMemoryTransaction) => Result | Promise<Result>,
): Promise<Result> {
  const open = new OpenTransaction();
  let result: Result;
  try {
    result = await work(open);
  } catch (error) {
    open.rollBack();
    throw error;
  }
  open.commit();
  return result;
}
