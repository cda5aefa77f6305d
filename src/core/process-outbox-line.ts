import type { ErrorWords } from './saga-state.js';

/** A command that waits to be published. */
export interface ProcessOutboxEntry {
  /** The store's own. */
  readonly position: string;
  /** Always the same for the same command. */
  readonly id: string;
  /** The rest, as JSON. */
  readonly body: string;
}

/** What is handed out of one line. */
export interface ProcessOutboxClaim {
  /** How often in a row its first command has been handed out, this time included. */
  readonly attempts: number;
  /** How often that was refused. */
  readonly tries: number;
  /** How often whoever had it was not heard of again. */
  readonly crashes: number;
  /** Whether it may be what ended a program: then it is one command, and nothing else is handed out. */
  readonly alone: boolean;
  /** In their order. */
  readonly entries: readonly ProcessOutboxEntry[];
}

/** What became of what was handed out. */
export interface ProcessOutboxResult {
  /** So many of them, from the first on, are through. */
  readonly published: number;
  /** What is left waits so long, in ms. */
  readonly retryMs: number;
  /** What there is to say of the first that is left. */
  readonly fault?: ProcessOutboxFault | undefined;
}

/** Why a command could not be published. */
export interface ProcessOutboxFault {
  /** What it failed with. */
  readonly error: ErrorWords;
  /** Whether that used up one of its tries. */
  readonly counts: boolean;
  /** Whether it is parked: it stands until somebody decides, and what comes after it waits. */
  readonly parks: boolean;
}

/** What is known of a command that was parked. Times are epoch ms. */
export interface ProcessOutboxEvidence {
  readonly id: string;
  readonly body: string;
  readonly tries: number;
  readonly crashes: number;
  /** What it failed with last. */
  readonly error: ErrorWords;
  /** When it was first refused, or first not heard of. */
  readonly since: number;
  readonly parkedAt: number;
}

/** So much of one line is handed out at a time. */
const LONGEST_RUN = 100;

interface Waiting extends ProcessOutboxEntry {
  /** Whether it was handed out together with what may have ended a program. */
  suspect: boolean;
}

/** What is written of the first of a line. */
interface Head {
  attempts: number;
  tries: number;
  crashes: number;
  since: number | undefined;
  error: ErrorWords | undefined;
}

const untried = (): Head => ({ attempts: 0, tries: 0, crashes: 0, since: undefined, error: undefined });

/**
 * The commands of one process, at least one, published one after the other. All that is known of how that
 * went is known of the first: nothing comes after it before it is through, or somebody has thrown it away.
 *
 * A claim that ended without a word is the trace of a program that is no more. Any of what it had may have
 * been the cause: from then on these are handed out one at a time, so that the next time tells which.
 */
export class ProcessOutboxLine {
  #waiting: Waiting[] = [];
  #head = untried();
  #dueAt = -Infinity;
  #lease: string | undefined;
  #parkedAt: number | undefined;

  get size(): number {
    return this.#waiting.length;
  }

  /** When it may be handed out; `Infinity` for not at all. */
  get dueAt(): number {
    return this.#parkedAt !== undefined ? Infinity : this.#dueAt;
  }

  /** Whether it is to be handed out alone. */
  get suspect(): boolean {
    return this.#lease !== undefined || this.#waiting[0]!.suspect;
  }

  /** The command that is parked, and what is known of it. */
  get parked(): ProcessOutboxEvidence | undefined {
    if (this.#parkedAt === undefined) return undefined;
    const { id, body } = this.#waiting[0]!;
    const { tries, crashes, since, error } = this.#head;
    return { id, body, tries, crashes, error: error!, since: since!, parkedAt: this.#parkedAt };
  }

  add(entry: ProcessOutboxEntry): void {
    this.#waiting.push({ ...entry, suspect: false });
  }

  /** Hands it out, until `dueAt`; it is due. `wall` is the time, epoch ms. */
  claim(lease: string, dueAt: number, wall: number): ProcessOutboxClaim {
    const head = this.#head;
    const alone = this.suspect;
    if (this.#lease !== undefined) {
      head.crashes++;
      head.since ??= wall;
      // One that was handed out alone has nobody to share it with.
      const had = this.#waiting[0]!.suspect ? 0 : LONGEST_RUN;
      for (const entry of this.#waiting.slice(0, had)) entry.suspect = true;
    }
    head.attempts++;
    this.#lease = lease;
    this.#dueAt = dueAt;
    const { attempts, tries, crashes } = head;
    const entries = this.#waiting
      .slice(0, alone ? 1 : LONGEST_RUN)
      .map(({ position, id, body }) => ({ position, id, body }));
    return { attempts, tries, crashes, alone, entries };
  }

  /** Without effect when the lease was lost; whether it was not. */
  settle(
    lease: string,
    { published, retryMs, fault }: ProcessOutboxResult,
    now: number,
    wall: number,
  ): boolean {
    if (this.#lease !== lease) return false;
    this.#lease = undefined;
    if (published > 0) this.#drop(published);
    this.#dueAt = now + retryMs;
    if (fault !== undefined) {
      const head = this.#head;
      head.error = fault.error;
      if (fault.counts) head.tries++;
      if (fault.counts || fault.parks) head.since ??= wall;
      if (fault.parks) this.#parkedAt = wall;
    }
    return true;
  }

  /**
   * What is parked is tried again, as if for the first time; the id of the command. What may have ended
   * programs still goes alone, so that it takes no others along when it does so once more.
   */
  unpark(): string | undefined {
    if (this.#parkedAt === undefined) return undefined;
    this.#head = untried();
    this.#parkedAt = undefined;
    this.#dueAt = -Infinity;
    return this.#waiting[0]!.id;
  }

  /** Throws away the command that is parked, if it is this one; what was known of it. */
  discard(id: string): ProcessOutboxEvidence | undefined {
    const evidence = this.parked;
    if (evidence?.id !== id) return undefined;
    this.#parkedAt = undefined;
    this.#drop(1);
    this.#dueAt = -Infinity;
    return evidence;
  }

  #drop(count: number): void {
    this.#waiting.splice(0, count);
    this.#head = untried();
  }
}
