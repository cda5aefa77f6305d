import { apply, interruptedSteps, isCancellable, nextSteps, statusOf } from '../../src/core/saga.js';
import type { PlanNode, SagaPlan } from '../../src/core/saga-plan.js';
import { entryOf, type SagaEvent, type SagaState } from '../../src/core/saga-state.js';
import { beginObjection, effectObjection } from './saga-objections.js';
import {
  arrive,
  type Call,
  isSame,
  type Participant,
  see,
  UNSEEN,
  type Worker,
  type World,
} from './saga-world.js';

/*
 * The machine of a saga, driven by the rules of `SagaRun`, beside the participants that its steps call: what
 * they did is what the promises are about. Time stands at NOW; what is due LATER is due when time passes.
 */

const NOW = 1;
const LATER = 2;
const error = { name: 'Error', message: '' };

/** What happens besides: each makes the worlds several times as many. */
export interface SagaDriverOptions {
  /** Calls of a lost worker arrive later. */
  readonly zombies?: boolean;
  /** People decide about what is stuck. */
  readonly people?: boolean;
  /** So often each direction of a step is tried. @default 2 */
  readonly attempts?: number;
  /** Time passes between attempts; without it the next one is due at once. */
  readonly time?: boolean;
}

/** The events of a {@link SagaDriver}: a word, and a step where it is about one. */
export type Move = string;

/** Which of the events count as misfortune, or as somebody's will. */
export const isForeign = (move: Move): boolean => /^(crash|cancel|retry|skip|resolve|force|late)/.test(move);

export class SagaDriver {
  readonly plan: SagaPlan;
  readonly #options: SagaDriverOptions;
  readonly #attempts: number;

  constructor(plan: SagaPlan, options: SagaDriverOptions) {
    this.plan = plan;
    this.#options = options;
    this.#attempts = options.attempts ?? 2;
  }

  status(world: World): ReturnType<typeof statusOf> {
    return statusOf(this.plan, world.stored);
  }

  moves(world: World): Move[] {
    const moves = world.worker === undefined ? this.#idleMoves(world) : this.#workMoves(world.worker);
    const cancellable = isCancellable(this.plan, world.stored) && !world.cancel;
    if (cancellable) moves.push('cancel');
    for (const { step, forward } of world.late) moves.push(`late ${forward ? 'do' : 'undo'} ${step}`);
    const waits = [world.stored, world.worker?.state].some(
      state => state !== undefined && Object.values(state.entries).some(({ dueAt }) => dueAt === LATER),
    );
    if (waits) moves.push('time');
    return moves;
  }

  #idleMoves({ stored, abandoned, cancel }: World): Move[] {
    const moves: Move[] = [];
    const due = nextSteps(this.plan, stored).some(({ name }) => (entryOf(stored, name).dueAt ?? 0) <= NOW);
    if (due || abandoned || (cancel && isCancellable(this.plan, stored))) moves.push('claim');
    if (!this.#options.people) return moves;
    const begun = this.#taken(stored, abandoned);
    const stuck = Object.entries(begun.entries).filter(([, entry]) => entry.stuck);
    if (statusOf(this.plan, begun) === 'parked') moves.push('retry');
    for (const [step] of stuck) moves.push(`skip ${step}`, `resolve ${step}`);
    const pivot = this.plan.nodes[this.plan.pivot];
    const { state } = pivot === undefined ? {} : entryOf(begun, pivot.name);
    const idle = ['completed', 'parked'].includes(statusOf(this.plan, begun));
    if (idle && begun.direction === 'forward' && state !== 'done' && state !== 'skipped') moves.push('force');
    return moves;
  }

  #workMoves(worker: Worker): Move[] {
    // The calls that run have arrived, or not: all of them, none, or one alone.
    const moves: Move[] = ['crash'];
    if (worker.calls.length > 0) moves.push('crash after all');
    for (const { step, forward } of worker.calls) {
      if (worker.calls.length > 1) moves.push(`crash after ${step}`);
      if (forward) moves.push(`refused ${step}`);
      moves.push(`ok ${step}`, `unreached ${step}`, `unknown ${step}`, `unheard ${step}`);
    }
    if (worker.cancel && worker.state.direction === 'forward') moves.push('heed');
    else if (!worker.written) moves.push('write');
    else for (const { name } of this.#turns(worker)) moves.push(`begin ${name}`);
    if (this.#idle(worker)) moves.push('leave');
    return moves;
  }

  /**
   * As `SagaRun` has it: what was told and not written comes first, siblings end before anything is undone.
   */
  #turns({ state, calls }: Worker): readonly PlanNode[] {
    if (state.direction === 'backward' && calls.some(({ forward }) => forward)) return [];
    return nextSteps(this.plan, state).filter(
      ({ name }) => !calls.some(({ step }) => step === name) && (entryOf(state, name).dueAt ?? 0) <= NOW,
    );
  }

  #idle(worker: Worker): boolean {
    const heeds = worker.cancel && worker.state.direction === 'forward';
    return worker.written && !heeds && worker.calls.length === 0 && this.#turns(worker).length === 0;
  }

  /** As whoever takes it over finds it. */
  #taken(stored: SagaState, abandoned: boolean): SagaState {
    const steps = abandoned ? interruptedSteps(this.plan, stored, NOW) : [];
    return steps.length === 0 ? stored : apply(this.plan, stored, { kind: 'interrupted', at: NOW, steps });
  }

  after(world: World, move: Move): World {
    const [verb, ...rest] = move.split(' ');
    const step = rest.at(-1)!;
    switch (verb) {
      case 'claim': {
        const state = this.#taken(world.stored, world.abandoned);
        const worker = { state, written: state === world.stored, cancel: world.cancel, calls: [] };
        return { ...world, worker, abandoned: true };
      }
      case 'crash':
        return this.#crash(world, step);
      case 'leave':
        return { ...world, worker: undefined, abandoned: false };
      case 'late': {
        const call = { step, forward: rest[0] === 'do' };
        const late = world.late.filter(one => !isSame(one, call));
        return arrive(this.plan, { ...world, late }, call);
      }
      case 'time':
        return this.#later(world);
      case 'cancel':
        return { ...world, cancel: true };
      case 'heed': {
        const begun = world.worker!.calls.filter(({ forward }) => forward).map(call => call.step);
        return this.#tell(world, { kind: 'cancelled', reason: 'r', begun });
      }
      case 'write':
        return this.#write(world);
      case 'begin':
        return this.#begin(world, this.plan.nodes[this.plan.positions.get(step)!]!);
      case 'ok':
      case 'unheard':
      case 'refused':
      case 'unreached':
      case 'unknown':
        return this.#answer(world, verb, step);
      default:
        return this.#amend(world, verb!, step);
    }
  }

  /** The worker is gone; its calls have arrived, may arrive yet, or are lost. */
  #crash(world: World, after: string | undefined): World {
    let crashed: World = { ...world, worker: undefined };
    for (const call of world.worker!.calls) {
      if (after === 'all' || after === call.step) crashed = this.#arrive(crashed, call);
      else if (this.#options.zombies && !crashed.late.some(one => isSame(one, call))) {
        crashed = { ...crashed, late: [...crashed.late, call] };
      }
    }
    return crashed;
  }

  #later(world: World): World {
    const passed = (state: SagaState): SagaState => ({
      ...state,
      entries: Object.fromEntries(
        Object.entries(state.entries).map(([step, { dueAt: _, ...entry }]) => [step, entry]),
      ),
    });
    const worker = world.worker && { ...world.worker, state: passed(world.worker.state) };
    return { ...world, stored: passed(world.stored), worker };
  }

  #tell(world: World, event: SagaEvent): World {
    const worker = world.worker!;
    const state = apply(this.plan, worker.state, event);
    return { ...world, worker: { ...worker, state, written: false } };
  }

  #write(world: World): World {
    const worker = world.worker!;
    if (world.cancel && !worker.cancel) return { ...world, worker: { ...worker, cancel: true } };
    return { ...world, stored: worker.state, worker: { ...worker, written: true } };
  }

  #begin(world: World, node: PlanNode): World {
    const worker = world.worker!;
    const { name, marked, repeatable } = node;
    const forward = worker.state.direction === 'forward';
    const { attempts = 0, maybe, state } = entryOf(worker.state, name);
    if (attempts >= this.#attempts) return this.#giveUp(world, name, forward, true);
    if (forward && !repeatable && maybe) {
      return this.#tell(world, { kind: 'stuck', step: name, maybe: true, error });
    }
    if (forward && marked && state === undefined) return this.#tell(world, { kind: 'started', step: name });
    const broken = beginObjection(this.plan, world, node, forward);
    const calls = [...worker.calls, { step: name, forward }];
    const begun = { ...world, broken: world.broken ?? broken, worker: { ...worker, calls } };
    return forward && marked ? see(begun, name, { called: true }) : begun;
  }

  #arrive(world: World, call: Call): World {
    const reached = arrive(this.plan, world, call);
    const broken = call.forward ? effectObjection(this.plan, reached, call.step) : undefined;
    return { ...reached, broken: reached.broken ?? broken };
  }

  /** `unheard`: it had its effect, and its answer was lost. */
  #answer(world: World, verb: 'ok' | 'unheard' | 'refused' | 'unreached' | 'unknown', step: string): World {
    const worker = world.worker!;
    const call = worker.calls.find(one => one.step === step)!;
    const { forward } = call;
    const arrived = verb === 'ok' || verb === 'unheard' ? this.#arrive(world, call) : world;
    const quiet = { ...arrived, worker: { ...worker, calls: worker.calls.filter(one => one !== call) } };
    if (verb === 'ok') return this.#tell(quiet, { kind: forward ? 'done' : 'undone', step });
    const { retriable } = this.plan.nodes[this.plan.positions.get(step)!]!;
    const maybe = verb === 'unknown' || verb === 'unheard';
    const { attempts = 0 } = entryOf(worker.state, step);
    const hopeless = forward && ((verb === 'refused' && !retriable) || worker.state.direction === 'backward');
    if (hopeless || attempts + 1 >= this.#attempts) return this.#giveUp(quiet, step, forward, maybe);
    const at = { at: NOW, dueAt: this.#options.time ? LATER : NOW };
    return this.#tell(quiet, { kind: 'retrying', step, ...at, ...(maybe && { maybe }), error });
  }

  #giveUp(world: World, step: string, forward: boolean, maybe: boolean): World {
    if (!forward) return this.#tell(world, { kind: 'stuck', step, error });
    const begun = world.worker!.calls.filter(call => call.forward).map(call => call.step);
    return this.#tell(world, { kind: 'failed', step, ...(maybe && { maybe: true as const }), error, begun });
  }

  #amend(world: World, verb: string, step: string): World {
    const before = this.#taken(world.stored, world.abandoned);
    const forward = before.direction === 'forward';
    const write = (event: SagaEvent, seen: Partial<Participant> = {}): World => {
      const stored = apply(this.plan, before, event);
      const amended = { ...world, stored, abandoned: false };
      return step === undefined ? amended : see(amended, step, seen);
    };
    switch (verb) {
      case 'retry':
        return write({ kind: 'retried' });
      case 'skip':
        return write({ kind: 'skipped', step, reason: 'r' }, { excused: true });
      case 'resolve':
        if (!forward) return write({ kind: 'undone', step, reason: 'resolved' }, { undone: true });
        return write({ kind: 'done', step }, { effects: 1 });
      default: {
        const pivot = this.plan.nodes[this.plan.pivot];
        const forced = write({ kind: 'forced', reason: 'r' });
        return pivot === undefined ? forced : see(forced, pivot.name, { excused: true });
      }
    }
  }

  /** What the world is, as far as it matters for what comes. */
  key({ stored, worker, abandoned, cancel, participants, late, broken }: World): string {
    const names = this.plan.nodes.map(({ name }) => name);
    const entries = (state: SagaState): string =>
      names
        .map(name => {
          const { state: reached, attempts = 0, maybe, dueAt, stuck } = entryOf(state, name);
          const facts = [
            reached?.slice(0, 3),
            Math.min(attempts, this.#attempts),
            maybe && 'm',
            stuck && '!',
          ];
          return [...facts, dueAt === LATER && '~'].map(fact => fact || '').join('');
        })
        .concat(state.direction[0]!)
        .join();
    const calls = worker?.calls.map(({ step, forward }) => `${step}${forward}`).sort();
    return [
      entries(stored),
      worker && [entries(worker.state), worker.written, worker.cancel, calls],
      ...[abandoned, cancel, broken],
      names.map(name => Object.values(participants[name] ?? UNSEEN).map(Number)),
      late.map(({ step, forward }) => `${step}${forward}`).sort(),
    ].join('|');
  }
}
