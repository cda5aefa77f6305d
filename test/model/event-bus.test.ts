import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventBus } from '../../src/events/event-bus.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

const topics = ['a', 'a.b', 'a.c', 'b'] as const;
const topic = fc.constantFrom(...topics);
const pattern = fc.constantFrom('a', 'a.b', 'b', 'a.*', '*', '>', 'a.>');

/** What a listener does when it hears of an event, but for the first `quiet` times. */
const deed = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('nothing' as const) }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('throw' as const) }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('emit' as const), topic }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('listen' as const), pattern }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat({ max: 9 }) }), weight: 2 },
  {
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 3 }), fails: fc.boolean() }),
    weight: 2,
  },
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;
const listener = fc.record({ pattern, once: fc.boolean(), deed });
const command = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('emit' as const), topic }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constant('listen' as const), listener }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat({ max: 9 }) }), weight: 1 },
);

const matches = (one: string, name: string): boolean =>
  new RegExp(`^${one.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace(/>$/, '.+')}$`).test(name);

/** At most so many events in a run: listeners that emit what they hear have no end. */
const MOST_EVENTS = 40;

interface Member {
  readonly id: number;
  readonly pattern: string;
  readonly once: boolean;
  readonly deed: Deed;
  there: boolean;
}

/** The bus in few words: a list of members, a queue of events, and a log of who heard what. */
class NaiveBus {
  readonly members: Member[] = [];
  readonly log: string[] = [];
  readonly queue: { topic: string; who: Member[]; number: number }[] = [];
  /** By number of the event, who failed. */
  readonly failed: number[][] = [];
  telling = false;

  listen(one: { pattern: string; once: boolean; deed: Deed }): void {
    this.members.push({ ...one, id: this.members.length, there: true });
  }

  leave(who: number): void {
    const member = this.members[who];
    if (member !== undefined) member.there = false;
  }

  emit(topic: string): void {
    if (this.failed.length >= MOST_EVENTS) return;
    const who = this.members.filter(({ there, pattern }) => there && matches(pattern, topic));
    this.queue.push({ topic, who, number: this.failed.length });
    this.failed.push([]);
    if (this.telling) return;
    this.telling = true;
    for (let event = this.queue.shift(); event !== undefined; event = this.queue.shift()) this.tell(event);
    this.telling = false;
  }

  tell({ topic, who, number }: { topic: string; who: Member[]; number: number }): void {
    for (const member of who) {
      if (!member.there) continue;
      if (member.once) member.there = false;
      this.log.push(`${number} ${topic} → ${member.id}`);
      const { deed } = member;
      if (deed.kind === 'throw' || (deed.kind === 'wait' && deed.fails)) this.failed[number]!.push(member.id);
      else if (deed.kind === 'emit') this.emit(deed.topic);
      else if (deed.kind === 'listen')
        this.listen({ pattern: deed.pattern, once: false, deed: { kind: 'nothing' } });
      else if (deed.kind === 'leave') this.leave(deed.who);
    }
  }
}

/** The same deeds at the real one. */
function realBus(mode: 'parallel' | 'series') {
  const clock = new VirtualClock();
  const bus = new EventBus<Record<string, unknown>>({ mode, clock });
  const log: string[] = [];
  const offs: (() => void)[] = [];
  const settled: (number[] | undefined)[] = [];
  let running = 0;
  const listen = ({ pattern, once, deed }: { pattern: string; once: boolean; deed: Deed }): void => {
    const id = offs.length;
    const off = bus.on(
      pattern,
      (number, { name }) => {
        log.push(`${number} ${name} → ${id}`);
        if (deed.kind === 'throw') throw id;
        if (deed.kind === 'emit') emit(deed.topic);
        if (deed.kind === 'listen') listen({ pattern: deed.pattern, once: false, deed: { kind: 'nothing' } });
        if (deed.kind === 'leave') offs[deed.who]?.();
        if (deed.kind !== 'wait') return undefined;
        running++;
        return new Promise((resolve, reject) => {
          clock.schedule(deed.ms, () => {
            running--;
            if (deed.fails) reject(id);
            else resolve(id);
          });
        });
      },
      { once },
    );
    offs.push(off);
  };
  const emit = (topic: string): void => {
    if (settled.length >= MOST_EVENTS) return;
    const number = settled.length;
    settled.push(undefined);
    bus.emit(topic, number).then(
      () => {
        settled[number] = [];
      },
      (error: { code: string; errors: number[] }) => {
        expect(error.code).toBe('ERR_LISTENERS_FAILED');
        settled[number] = error.errors;
      },
    );
  };
  return {
    bus,
    clock,
    log,
    settled,
    listen,
    emit,
    leave: (who: number) => offs[who]?.(),
    running: () => running,
  };
}

describe('an event bus and its model', () => {
  it('tell the same listeners the same, in the same order, and of the same failures', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(listener, { maxLength: 6 }),
        fc.array(command, { maxLength: 12 }),
        async (first, commands) => {
          const naive = new NaiveBus();
          const real = realBus('parallel');
          for (const one of first) {
            naive.listen(one);
            real.listen(one);
          }
          for (const one of commands) {
            if (one.kind === 'emit') {
              naive.emit(one.topic);
              real.emit(one.topic);
            } else if (one.kind === 'listen') {
              naive.listen(one.listener);
              real.listen(one.listener);
            } else {
              naive.leave(one.who);
              real.leave(one.who);
            }
            // All that is synchronous has happened.
            expect(real.log).toEqual(naive.log);
            expect(real.bus.snapshot().listeners).toBe(naive.members.filter(({ there }) => there).length);
          }
          await real.clock.advance(10);
          expect(real.settled).toEqual(naive.failed);
          expect(real.bus.snapshot()).toMatchObject({
            emitted: naive.failed.length,
            delivered: naive.log.length,
            failed: naive.failed.flat().length,
            running: 0,
            queued: 0,
          });
        },
      ),
      { numRuns: 400 },
    );
  });

  it('settle every event in series too, and tell each listener of it once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(listener, { maxLength: 6 }),
        fc.array(topic, { minLength: 1, maxLength: 3 }),
        async (first, events) => {
          const real = realBus('series');
          for (const one of first) real.listen(one);
          for (const one of events) {
            real.emit(one);
            expect(real.running()).toBeLessThanOrEqual(real.settled.length);
          }
          await real.clock.advance(1000);
          expect(real.settled).not.toContain(undefined);
          expect(new Set(real.log).size).toBe(real.log.length);
          expect(real.bus.snapshot()).toMatchObject({ running: 0, queued: 0 });
          await real.bus.close();
          expect(real.bus.snapshot().listeners).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
