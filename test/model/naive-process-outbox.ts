import type { ProcessOutboxClaim, ProcessOutboxResult } from '../../src/core/process-outbox-line.js';

/** A command as anybody would keep it: in one list, with everything written down. */
interface NaiveCommand {
  readonly key: string;
  readonly id: string;
  dueAt: number;
  lease: string | undefined;
  tries: number;
  crashes: number;
  suspect: boolean;
  parked: boolean;
}

/** What processes have to publish, found out anew from the list each time. */
export class NaiveProcessOutbox {
  commands: NaiveCommand[] = [];
  readonly discarded: string[] = [];

  add(key: string, id: string): void {
    const dueAt = this.of(key)[0]?.dueAt ?? -Infinity;
    const fresh = { lease: undefined, tries: 0, crashes: 0, suspect: false, parked: false };
    this.commands.push({ key, id, dueAt, ...fresh });
  }

  of(key: string): NaiveCommand[] {
    return this.commands.filter(command => command.key === key);
  }

  get heads(): NaiveCommand[] {
    return this.commands.filter(command => this.of(command.key)[0] === command);
  }

  claim(limit: number, lease: string, until: number, now: number): string[] {
    const isSuspect = (head: NaiveCommand) => head.suspect || head.lease !== undefined;
    const due = this.heads.filter(head => !head.parked && head.dueAt <= now);
    due.sort((a, b) => (a.dueAt === b.dueAt ? 0 : a.dueAt < b.dueAt ? -1 : 1));
    const first = due.slice(0, limit);
    const goes = first[0] && isSuspect(first[0]) ? [first[0]] : first.filter(head => !isSuspect(head));
    return goes.map(head => {
      const alone = isSuspect(head);
      if (head.lease !== undefined) {
        head.crashes++;
        // Those that went alone have nobody to share it with.
        if (!head.suspect) for (const command of this.of(head.key)) command.suspect = true;
      }
      head.lease = lease;
      for (const command of this.of(head.key)) command.dueAt = until;
      const ids = this.of(head.key).map(({ id }) => id);
      return told(head.key, alone ? ids.slice(0, 1) : ids, { ...head, alone });
    });
  }

  settle(
    key: string,
    lease: string,
    { published, retryMs, fault }: ProcessOutboxResult,
    now: number,
  ): boolean {
    const [head] = this.of(key);
    if (head?.lease !== lease) return false;
    const gone = this.of(key).slice(0, published);
    head.lease = undefined;
    this.commands = this.commands.filter(command => !gone.includes(command));
    const left = this.of(key);
    for (const command of left) command.dueAt = now + retryMs;
    if (left[0] !== undefined && fault !== undefined) {
      left[0].tries += fault.counts ? 1 : 0;
      left[0].parked = fault.parks;
    }
    return true;
  }

  unpark(key: string): void {
    const [head] = this.of(key);
    Object.assign(head!, { parked: false, tries: 0, crashes: 0 });
    for (const command of this.of(key)) command.dueAt = -Infinity;
  }

  discard(key: string): void {
    const [head] = this.of(key);
    this.commands = this.commands.filter(command => command !== head);
    for (const command of this.of(key)) command.dueAt = -Infinity;
    this.discarded.push(head!.id);
  }
}

export function told(
  key: string,
  ids: readonly string[],
  { tries, crashes, alone }: Pick<ProcessOutboxClaim, 'tries' | 'crashes' | 'alone'>,
): string {
  return `${key}: ${ids} after ${tries} tries and ${crashes} crashes${alone ? ', alone' : ''}`;
}
