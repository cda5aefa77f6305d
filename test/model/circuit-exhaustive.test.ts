import { describe, expect, it } from 'vitest';
import { Circuit, type Verdict } from '../../src/core/circuit.js';
import type { CircuitRules } from '../../src/core/circuit-rules.js';
import { FollowedCall, type Permit } from '../../src/core/permit.js';
import { explore, type Machine } from '../../src/testing/explore.js';
import { circuitRules, never } from '../fixtures/circuit-rules.js';

/** `settle` names a call by its age among those in flight; a call that hangs never settles. */
type Event =
  | { readonly do: 'call' }
  /** An extra attempt of a hedge. */
  | { readonly do: 'spare' }
  | { readonly do: 'tick' }
  | { readonly do: 'isolate' }
  | { readonly do: 'reset' }
  | { readonly do: 'hang'; readonly call: number }
  | { readonly do: 'settle'; readonly call: number; readonly verdict: Verdict };

interface State {
  readonly events: readonly Event[];
  readonly circuit: Circuit;
  readonly now: number;
  readonly running: readonly Permit[];
  readonly hung: readonly Permit[];
  readonly calls: number;
  /** Whether the last event was a call that was turned away. */
  readonly rejected: boolean;
}

const CONCURRENT = 3;
const VERDICTS: readonly Verdict[] = ['success', 'failure', 'ignored'];

/** Circuits cannot be copied: a state is driven anew from the first event each time. */
const drive = (rules: CircuitRules, events: readonly Event[]): State => {
  const circuit = new Circuit(rules, 0);
  let now = 0;
  let calls = 0;
  let rejected = false;
  let running: Permit[] = [];
  const hung: Permit[] = [];
  for (const event of events) {
    rejected = false;
    if (event.do === 'tick') now++;
    else if (event.do === 'isolate') circuit.force('isolated', now);
    else if (event.do === 'reset') circuit.force('closed', now);
    else if (event.do === 'call' || event.do === 'spare') {
      calls++;
      const permit = circuit.pass() ?? circuit.admit(now, never, event.do === 'spare');
      if (permit === undefined) rejected = true;
      else running.push(permit);
    } else {
      const permit = running[event.call]!;
      running = running.filter((_, index) => index !== event.call);
      if (event.do === 'hang') hung.push(permit);
      else circuit.record(permit, event.verdict, now, never);
    }
  }
  return { events, circuit, now, running, hung, calls, rejected };
};

/** Whether the circuit still waits for what a call says. */
const isFollowed = (permit: Permit): boolean => permit instanceof FollowedCall && permit.next !== permit;

/** Hung calls that a circuit still knows; the others are nothing to anybody. */
const known = ({ hung }: State): readonly Permit[] => hung.filter(isFollowed);

const key = (state: State): string => {
  const { circuit, now } = state;
  const { slowMs, probeLeaseMs } = circuit.rules;
  const { epoch } = circuit.decision;
  const { remainingMs, trips, window, totals: _, because: __, counts: ___, ...rest } = circuit.snapshot(now);
  const horizon = Math.max(probeLeaseMs, slowMs === Infinity ? 0 : slowMs + 1);
  const one = (permit: Permit): string => {
    if (permit.epoch !== epoch) return 'old';
    if (!(permit instanceof FollowedCall)) return 'shared';
    return `${isFollowed(permit) ? 'followed' : 'gone'}${Math.min(horizon, now - permit.startedAt)}`;
  };
  const { calls, failures, overdue } = circuit.counts(now);
  return JSON.stringify([
    ...[circuit.state, rest.consecutiveFailures, window, remainingMs, Math.min(trips, 3)],
    ...[calls, failures, overdue, state.running.map(one), known(state).map(one), state.rejected],
  ]);
};

const ALLOWED = ['closed>open', 'open>half-open', 'half-open>closed', 'half-open>open'];

const checkStep = (before: State, event: Event, after: State): string | undefined => {
  const { state, epoch, until } = before.circuit.decision;
  const { decision } = after.circuit;
  const manual = event.do === 'isolate' || event.do === 'reset';
  const step = `${state}>${decision.state}`;
  if (decision.epoch > epoch + 1) return 'CB1: more than one transition at once';
  if (decision.epoch > epoch && !manual && !ALLOWED.includes(step)) return `CB1: ${step}`;
  if (decision.epoch === epoch && decision !== before.circuit.decision && step !== `${state}>${state}`) {
    return `CB1: ${step} in one epoch`;
  }
  if (event.do === 'settle' && before.running[event.call]!.epoch !== epoch) {
    const { totals: _, ...was } = before.circuit.snapshot(before.now);
    const { totals: __, ...is } = after.circuit.snapshot(after.now);
    if (JSON.stringify(was) !== JSON.stringify(is)) return 'CB2: a late result had a say';
    return after.circuit.totals().stale > before.circuit.totals().stale
      ? undefined
      : 'CB2: not counted as stale';
  }
  if (decision.state === 'open' && epoch === decision.epoch && decision.until !== until)
    return 'a break was extended';
  if (event.do === 'spare' && state !== 'closed' && !after.rejected) return `HG9: hedged while ${state}`;
  if (event.do === 'spare' && state === 'open' && decision.state !== 'open')
    return 'HG9: a hedge ended a break';
  if (event.do !== 'call') return undefined;
  const mayCall = state === 'closed' || state === 'half-open' || (state === 'open' && after.now >= until);
  if (!mayCall && !after.rejected) return `CB3: called while ${state}`;
  if (state === 'closed' && decision.state === 'closed' && after.rejected) return 'rejected while closed';
  if (state === 'open' && decision.state === 'half-open' && after.rejected)
    return 'the first probe was rejected';
  return undefined;
};

const always = (state: State): string | undefined => {
  const { circuit, now, running, hung, calls } = state;
  const { epoch } = circuit.decision;
  const { success, failure, ignored, cancelled, rejected } = circuit.totals();
  if (circuit.inFlight !== running.length + hung.length) return 'CB5: permits are lost or made up';
  if (calls !== success + failure + ignored + cancelled + rejected + circuit.inFlight) return 'CB10';
  if (circuit.state === 'half-open') {
    const probes = [...running, ...hung].filter(permit => permit.epoch === epoch && isFollowed(permit));
    const { calls: judged, overdue } = circuit.counts(now);
    if (probes.length + judged + overdue > circuit.rules.probes) return 'CB4: too many probes';
  }
  const { windowCalls } = circuit.rules;
  if (circuit.counts(now).calls > Math.max(windowCalls, circuit.rules.probes))
    return 'the window is too long';
  return undefined;
};

/**
 * From here on all that is under way hangs; time passes, and good calls come, no more than there are probes.
 * Where calls in flight can be slow, those that hang may open it once more.
 */
const closesInTime = ({ events, circuit: { rules } }: State): string | undefined => {
  const { circuit, now: since } = drive(rules, events);
  if (circuit.state === 'isolated') return undefined;
  let now = since;
  for (let rounds = rules.slowMs < Infinity ? 2 : 1; rounds > 0; rounds--) {
    now += rules.maxOpenMs + rules.probeLeaseMs;
    for (let call = 0; call < rules.probes; call++) {
      const permit = circuit.pass() ?? circuit.admit(now, never);
      if (permit !== undefined) circuit.record(permit, 'success', now, never);
    }
  }
  return circuit.state === 'closed' ? undefined : `CB6: ${circuit.state} after ${rules.probes} good calls`;
};

const machine = (rules: CircuitRules, seen: Record<string, number>): Machine<State, Event> => ({
  initial: () => drive(rules, []),
  events: state => {
    const events: Event[] = [{ do: 'tick' }, { do: 'isolate' }, { do: 'reset' }];
    if (state.running.length < CONCURRENT) events.push({ do: 'call' }, { do: 'spare' });
    for (let call = 0; call < state.running.length; call++) {
      for (const verdict of VERDICTS) events.push({ do: 'settle', call, verdict });
      if (known(state).length + state.circuit.counts(state.now).overdue < CONCURRENT)
        events.push({ do: 'hang', call });
    }
    return events;
  },
  step: (state, event) => drive(rules, [...state.events, event]),
  key,
  invariant: (before, event, after) => {
    const step = `${before.circuit.state}>${after.circuit.state}`;
    if (event.do === 'call' || event.do === 'settle') seen[step] = (seen[step] ?? 0) + 1;
    return checkStep(before, event, after);
  },
  always: state => always(state) ?? closesInTime(state),
  goals: {
    open: ({ circuit }) => circuit.state === 'open',
    'late results': ({ circuit, running }) => running.some(permit => permit.epoch < circuit.decision.epoch),
    'a rejection while probing': ({ circuit, rejected }) => circuit.state === 'half-open' && rejected,
    'all probes hang': s => s.circuit.state === 'half-open' && known(s).length === rules.probes,
    'a probe given up': ({ circuit, running }) =>
      circuit.state === 'half-open' &&
      running.some(p => p.epoch === circuit.decision.epoch && !isFollowed(p)),
  },
  liveness: [
    {
      name: 'CB6: it closes again, whatever hangs',
      from: ({ circuit }) => circuit.state !== 'isolated',
      to: ({ circuit }) => circuit.state === 'closed',
      by: event =>
        event.do === 'tick' || event.do === 'call' || (event.do === 'settle' && event.verdict === 'success'),
    },
    {
      name: 'somebody may always isolate it',
      to: ({ circuit }) => circuit.state === 'isolated',
    },
  ],
});

const small = { windowCalls: 3, minCalls: 2, failureRatio: 0.5, openMs: 2, probes: 2, probeLeaseMs: 2 };

describe('every state of a circuit', () => {
  it.each<[string, Partial<CircuitRules>]>([
    ['one of two probes closes', { probesToClose: 1 }],
    ['both probes must succeed', { probesToClose: 2 }],
    ['breaks grow', { probesToClose: 2, openMs: 1, openFactor: 2, maxOpenMs: 3 }],
    [
      'failures in a row',
      { windowCalls: 0, failureRatio: Infinity, consecutiveFailures: 2, probesToClose: 2 },
    ],
    ['slow calls in flight', { slowMs: 1, slowRatio: 0.6, probesToClose: 1, windowCalls: 2 }],
    ['a lease before slow', { slowMs: 2, slowRatio: 1, probesToClose: 2, windowCalls: 2 }],
  ])(
    'is sound when %s',
    (name, rules) => {
      const seen: Record<string, number> = {};
      const { states, transitions, depth, goals } = explore(
        machine(circuitRules({ ...small, ...rules }), seen),
      );
      console.info(`circuit, ${name}: ${states} states, ${transitions} transitions, depth ${depth}`, goals);
      expect(Object.keys(seen)).toEqual(expect.arrayContaining(ALLOWED));
    },
    240_000,
  );
});
