import type { PlanNode, SagaPlan } from './saga-plan.js';
import { entryOf, type SagaEntry, type SagaEvent, type SagaState, type SagaStatus } from './saga-state.js';

/*
 * The machine of a saga, as functions of a plan and a state. It knows no clock and runs nothing: whoever
 * drives it asks what can run, runs it, and tells what came of it. What is not written down is assumed at its
 * worst: a step whose turn has come may have run.
 */

const isOver = (entry: SagaEntry): boolean => entry.state === 'done' || entry.state === 'skipped';

/** Whether a step has, or may have, an effect that is to be undone. */
function hasEffect(node: PlanNode, entry: SagaEntry): boolean {
  return node.undo && (entry.state === 'done' || entry.state === 'unknown');
}

/** Whether a step is next: all that it depends on is over (or undone), and itself is not. */
function isNext(plan: SagaPlan, state: SagaState, node: PlanNode, entry: SagaEntry): boolean {
  if (state.direction === 'forward') {
    if (entry.state !== undefined && entry.state !== 'started') return false;
    for (const at of node.after) if (!isOver(entryOf(state, plan.nodes[at]!.name))) return false;
    return true;
  }
  if (!hasEffect(node, entry)) return false;
  for (const at of node.dependents) {
    const dependent = plan.nodes[at]!;
    if (hasEffect(dependent, entryOf(state, dependent.name))) return false;
  }
  return true;
}

/**
 * The steps that can run in the present direction, those included that run already or wait for their time.
 * Undoing goes in the reverse of the partial order: a step whose dependent cannot be undone stays as it is.
 */
export function nextSteps(plan: SagaPlan, state: SagaState): readonly PlanNode[] {
  let next: PlanNode[] | undefined;
  for (const node of plan.nodes) {
    const entry = entryOf(state, node.name);
    if (entry.stuck || !isNext(plan, state, node, entry)) continue;
    // Most often it is the only one, and a list that grows begins with room for many.
    if (next === undefined) next = [node];
    else next.push(node);
  }
  return next ?? [];
}

/**
 * The steps that may have been running at `now` when whoever drove the saga was lost: those that had their
 * turn and their time, and no mark that was never written.
 */
export function interruptedSteps(plan: SagaPlan, state: SagaState, now: number): readonly string[] {
  return nextSteps(plan, state)
    .filter(({ kind, marked, name }) => {
      const { dueAt = 0, state: reached } = entryOf(state, name);
      if (kind !== 'step' && kind !== 'pivot') return false;
      return dueAt <= now && (!marked || reached !== undefined);
    })
    .map(({ name }) => name);
}

/** What has become of it. `parked`: nothing can run, and it is not over. `next` are its next steps. */
export function statusOf(plan: SagaPlan, state: SagaState, next = nextSteps(plan, state)): SagaStatus {
  const forward = state.direction === 'forward';
  if (next.length > 0) return forward ? 'running' : 'compensating';
  for (const node of plan.nodes) {
    const entry = entryOf(state, node.name);
    if (forward ? !isOver(entry) : hasEffect(node, entry)) return 'parked';
  }
  return forward ? 'completed' : 'compensated';
}

/**
 * Whether it may still be cancelled: it is under way, and the pivot, after which nothing is undone, has not
 * had its turn. One that is parked has nobody who would heed it: it is undone by force. `status` is that of
 * the state.
 */
export function isCancellable(plan: SagaPlan, state: SagaState, status = statusOf(plan, state)): boolean {
  if (status !== 'running') return false;
  const pivot = plan.nodes[plan.pivot];
  if (pivot === undefined) return true;
  const entry = entryOf(state, pivot.name);
  return !isOver(entry) && !isNext(plan, state, pivot, entry);
}

/** Whether a step that failed for good turns the saga back; if not, it is stuck. */
function turnsBack(node: PlanNode, maybe: boolean): boolean {
  return !node.retriable && !(node.kind === 'pivot' && maybe);
}

/** What most steps leave behind. */
const DONE: SagaEntry = /* @__PURE__ */ Object.freeze({ state: 'done' });

function put(state: SagaState, step: string, entry: SagaEntry): SagaState {
  // A copy and then the one field, not both in one literal: that is three times as slow, at each step.
  const entries: Record<string, SagaEntry> = { ...state.entries };
  entries[step] = entry;
  const { direction, because } = state;
  return because === undefined ? { direction, entries } : { direction, entries, because };
}

/** What is worth knowing of a step when its attempts count anew. */
function afresh({ state, output, maybe, again, error, reason }: SagaEntry): SagaEntry {
  return {
    ...(state !== undefined && { state }),
    ...(output !== undefined && { output }),
    ...(maybe !== undefined && { maybe }),
    ...(again !== undefined && { again }),
    ...(error !== undefined && { error }),
    ...(reason !== undefined && { reason }),
  };
}

/**
 * Whether a step that is not over may have had an effect. A mark alone says so only of another saga, which
 * goes on by itself: of a step, whoever drives it knows whether it has begun, and is gone where it does not.
 */
function mayHaveRun(node: PlanNode, entry: SagaEntry, begun: Begun): boolean {
  if (entry.maybe || begun?.includes(node.name)) return true;
  return node.kind === 'saga' && entry.state === 'started';
}

/** The steps that run, as far as whoever drives the saga has said. */
type Begun = readonly string[] | undefined;

/** Turns to the other direction: what may have run is to be undone, what cannot have run is not. */
function turnBack(plan: SagaPlan, state: SagaState, event: SagaEvent, begun: Begun): SagaState {
  const entries: Record<string, SagaEntry> = {};
  for (const node of plan.nodes) {
    const entry = state.entries[node.name];
    if (entry !== undefined) entries[node.name] = afresh(entry);
    if (!isNext(plan, state, node, entry ?? {}) || !mayHaveRun(node, entry ?? {}, begun)) continue;
    // Only by force: what a pivot did stays.
    const kept = node.kind === 'pivot' ? 'left' : 'unknown';
    entries[node.name] = { ...afresh(entry ?? {}), state: kept };
  }
  const { kind } = event as Extract<SagaEvent, { kind: 'failed' | 'cancelled' | 'forced' }>;
  const { step, error, reason } = event as { step?: string; error?: SagaEntry['error']; reason?: string };
  const because = { kind, ...(step && { step }), ...(error && { error }), ...(reason && { reason }) };
  return { direction: 'backward', entries, because };
}

function fail(plan: SagaPlan, state: SagaState, event: Extract<SagaEvent, { kind: 'failed' }>): SagaState {
  const { step, error, begun } = event;
  const node = plan.nodes[plan.positions.get(step)!]!;
  const entry = entryOf(state, step);
  const maybe = event.maybe === true || entry.maybe === true;
  if (state.direction === 'forward' && !turnsBack(node, maybe)) {
    const again = event.again && { again: (entry.again ?? 0) + 1 };
    const marks = { ...(maybe && { maybe: true as const }), ...again, stuck: true as const, error };
    return put(state, step, { ...entry, ...marks });
  }
  const failed = put(state, step, { ...afresh(entry), state: maybe ? 'unknown' : 'failed', error });
  return state.direction === 'backward' ? failed : turnBack(plan, failed, event, begun);
}

function interrupt(state: SagaState, steps: readonly string[], at: number): SagaState {
  let after = state;
  for (const step of steps) {
    const entry = entryOf(after, step);
    const attempts = (entry.attempts ?? 0) + 1;
    const maybe = after.direction === 'forward' && { maybe: true as const };
    after = put(after, step, { ...entry, ...maybe, attempts, firstAt: entry.firstAt ?? at });
  }
  return after;
}

function over(state: SagaState, step: string, into: SagaEntry): SagaState {
  const { error } = entryOf(state, step);
  return put(state, step, error === undefined ? into : { ...into, error });
}

/** The state after an event. The same events in the same order make the same state. */
export function apply(plan: SagaPlan, state: SagaState, event: SagaEvent): SagaState {
  switch (event.kind) {
    case 'started':
    case 'waiting': {
      const { step, dueAt }: { readonly step: string; readonly dueAt?: number } = event;
      const until = dueAt !== undefined && { dueAt };
      return put(state, step, { ...entryOf(state, step), state: 'started', ...until });
    }
    case 'done': {
      const { step, output } = event;
      return over(state, step, output === undefined ? DONE : { state: 'done', output });
    }
    case 'skipped': {
      const { step, reason } = event;
      const into = state.direction === 'forward' ? 'skipped' : 'left';
      return over(state, step, { state: into, ...(reason !== undefined && { reason }) });
    }
    case 'undone': {
      const { step, reason } = event;
      return over(state, step, { state: 'undone', ...(reason !== undefined && { reason }) });
    }
    case 'retrying': {
      const { step, at, dueAt, maybe, error } = event;
      const entry = entryOf(state, step);
      const tried = { attempts: (entry.attempts ?? 0) + 1, firstAt: entry.firstAt ?? at, dueAt, error };
      return put(state, step, { ...entry, ...(maybe && { maybe }), ...tried });
    }
    case 'failed':
      return fail(plan, state, event);
    case 'stuck': {
      const { step, maybe, error } = event;
      return put(state, step, { ...entryOf(state, step), ...(maybe && { maybe }), stuck: true, error });
    }
    case 'interrupted':
      return interrupt(state, event.steps, event.at);
    case 'cancelled':
      return turnBack(plan, state, event, event.begun);
    case 'forced':
      return turnBack(plan, state, event, undefined);
    case 'retried': {
      const entries = Object.entries(state.entries).map(([step, entry]) => [
        step,
        entry.stuck ? afresh(entry) : entry,
      ]);
      return { ...state, entries: Object.fromEntries(entries) };
    }
  }
}
