import { type Hold, OutboxHolds } from '../../src/core/outbox-holds.js';
import {
  clearedBy,
  type Lane,
  type LaneRow,
  OutboxLanes,
  suspectsAmong,
} from '../../src/core/outbox-lanes.js';
import { type BucketLease, crashesAfter, standingOf, taken } from '../../src/core/outbox-lease.js';

export interface Row extends LaneRow {
  readonly name: string;
}

type OfKey = { readonly key: string };
export type Event =
  | { readonly commit: string }
  | { readonly late: string }
  | { readonly beat: number }
  | { readonly read: number }
  | { readonly mark: number }
  | { readonly crash: number }
  | ({ readonly begin: number } & OfKey)
  | ({ readonly arrive: number } & OfKey)
  | ({ readonly confirm: number } & OfKey)
  | 'tick';

/** A town of one bucket: what happens in it, and what may go wrong. */
export interface Scene {
  /** The messages by name, in the order of their numbers; `a2` is committed after `a1`. */
  readonly messages: readonly string[];
  readonly relays: number;
  /** So many relays die of themselves. */
  readonly crashes: number;
  /** The message that ends whoever publishes it. */
  readonly poison?: string;
  /** Whether relays are never paused: those that live say so in time. */
  readonly prompt?: boolean;
  /** How long a lease lasts; nothing begins in the last part of it. */
  readonly lease?: number;
}

const MARGIN = 1;
const REACH = 4;
const MOST_CRASHES = 3;

/** One key that is being published: which of its rows, and how far that one has come. */
interface Course {
  readonly lane: Lane<Row>;
  at: number;
  phase: 'idle' | 'away' | 'done';
}

/** A relay as its shell drives it, one step at a time. */
class Relay {
  readonly name: number;
  readonly holds: OutboxHolds;
  readonly lanes = new OutboxLanes<Row>();
  readonly courses = new Map<string, Course>();
  /** What is tried alone, and whether the first of it is marked. */
  alone: readonly Row[] = [];
  marked = false;

  constructor(name: number, leaseMs: number) {
    this.name = name;
    this.holds = new OutboxHolds({ leaseMs, marginMs: MARGIN });
  }
}

/** The real machine of relays over a naive store; a copy is made by living through the same history again. */
export class OutboxWorld {
  readonly scene: Scene;
  readonly #history: readonly Event[];
  readonly #lease: number;
  now = 0;
  rows: Row[] = [];
  lease: BucketLease = {
    ...{ owner: undefined, epoch: 0, until: -1, reach: 0, suspectTo: undefined, trying: undefined },
  };
  crashesOf = new Map<string, number>();
  parked = new Set<string>();
  /** What the broker has, repeats included. */
  readonly log: string[] = [];
  /** Sent by who is dead, and still on its way. */
  late: string[] = [];
  committed: string[] = [];
  deaths = 0;
  /** What should never be, when it was. */
  wrong = '';
  relays: Relay[];
  #names = 0;

  constructor(scene: Scene, history: readonly Event[] = []) {
    this.scene = scene;
    this.#lease = scene.lease ?? 3;
    this.#history = history;
    this.relays = Array.from({ length: scene.relays }, () => new Relay(++this.#names, this.#lease));
    for (const event of history) this.#apply(event);
  }

  after(event: Event): OutboxWorld {
    return new OutboxWorld(this.scene, [...this.#history, event]);
  }

  events(): Event[] {
    const events: Event[] = ['tick'];
    for (const name of this.scene.messages) {
      const before = `${name[0]}${Number(name.slice(1)) - 1}`;
      const free = !this.scene.messages.includes(before) || this.committed.includes(before);
      if (free && !this.committed.includes(name)) events.push({ commit: name });
    }
    for (const name of this.late) events.push({ late: name });
    for (const [at, relay] of this.relays.entries()) {
      events.push({ beat: at });
      if (relay.alone.length > 0 && !relay.marked) events.push({ mark: at });
      if (relay.alone.length === 0) events.push({ read: at });
      for (const [key, { phase }] of relay.courses) {
        if (phase === 'idle') events.push({ begin: at, key });
        else events.push(phase === 'away' ? { arrive: at, key } : { confirm: at, key });
      }
      if (this.deaths < this.scene.crashes) events.push({ crash: at });
    }
    return events;
  }

  #apply(event: Event): void {
    if (event === 'tick') {
      if (this.scene.prompt === true) for (const relay of this.relays) this.#beat(relay);
      this.now++;
    } else if ('commit' in event) {
      const id = this.scene.messages.indexOf(event.commit);
      this.committed.push(event.commit);
      const row = { id, bucket: 0, key: event.commit[0]!, crashes: 0, name: event.commit };
      this.rows = [...this.rows, row].sort((one, other) => one.id - other.id);
    } else if ('late' in event) {
      this.late.splice(this.late.indexOf(event.late), 1);
      this.log.push(event.late);
    } else if ('beat' in event) this.#beat(this.relays[event.beat]!);
    else if ('read' in event) this.#read(this.relays[event.read]!);
    else if ('mark' in event) this.#mark(this.relays[event.mark]!);
    else if ('begin' in event) this.#begin(event.begin, event.key);
    else if ('arrive' in event) this.#arrive(this.relays[event.arrive]!, event.key);
    else if ('confirm' in event) this.#confirm(this.relays[event.confirm]!, event.key);
    else this.#die(event.crash);
  }

  #owns(relay: Relay, hold: Hold): boolean {
    return this.lease.owner === String(relay.name) && this.lease.epoch === hold.epoch;
  }

  #readable(most: number): Row[] {
    return this.rows
      .filter(({ key }) => !this.parked.has(key))
      .slice(0, most)
      .map(row => ({ ...row, crashes: this.crashesOf.get(row.key) ?? 0 }));
  }

  #beat(relay: Relay): void {
    const name = String(relay.name);
    const [kept] = relay.holds.plan().keep;
    const before = this.lease;
    const standing = standingOf(before, name, this.now);
    if (kept !== undefined && before.owner === name && before.epoch === kept.epoch) {
      this.lease = { ...before, until: this.now + this.#lease };
    } else if (kept === undefined && standing !== 'held') {
      this.lease = taken(before, name, this.now, this.#lease, REACH, this.#readable(before.reach).at(-1)?.id);
      const tried = this.rows.find(({ id }) => id === before.trying);
      if (standing === 'orphaned' && tried !== undefined) {
        const crashes = crashesAfter(this.crashesOf.get(tried.key) ?? 0);
        this.crashesOf.set(tried.key, crashes);
        if (crashes >= MOST_CRASHES) this.parked.add(tried.key);
      }
    } else return void relay.holds.learn([], 1, this.now);
    const { epoch, suspectTo } = this.lease;
    relay.holds.learn([{ bucket: 0, epoch, suspectTo }], 1, this.now);
  }

  #read(relay: Relay): void {
    const { holds, lanes } = relay;
    const [hold] = holds.readable(this.now);
    if (hold === undefined) return;
    const skip = lanes.skip(this.now);
    const rows = this.#readable(REACH).filter(({ key }) => !skip.includes(key));
    const holdOf = (bucket: number): Hold | undefined => holds.get(bucket);
    const suspects = suspectsAmong(rows, holdOf);
    if (suspects.length > 0) {
      if (lanes.size === 0) relay.alone = suspects;
      return;
    }
    const calm = hold.open === 0 ? [hold] : [];
    for (const cleared of clearedBy(rows, calm, rows.length >= REACH)) {
      if (!this.#owns(relay, cleared)) return void holds.drop(cleared);
      this.lease = { ...this.lease, suspectTo: undefined };
      cleared.suspectTo = undefined;
    }
    for (const lane of lanes.enter(rows, holdOf)) relay.courses.set(lane.key, { lane, at: 0, phase: 'idle' });
  }

  /** The next of those that are tried alone is written down, and becomes the only thing that is open. */
  #mark(relay: Relay): void {
    const [row] = relay.alone;
    const hold = relay.holds.get(0);
    if (hold === undefined || !relay.holds.mayBegin(hold, this.now)) {
      relay.alone = [];
      return;
    }
    if (!this.#owns(relay, hold)) {
      relay.holds.drop(hold);
      relay.alone = [];
      return;
    }
    this.lease = { ...this.lease, trying: row!.id };
    relay.marked = true;
    const [lane] = relay.lanes.enter([row!], () => hold);
    relay.courses.set(row!.key, { lane: lane!, at: 0, phase: 'idle' });
  }

  #begin(place: number, key: string): void {
    const relay = this.relays[place]!;
    const course = relay.courses.get(key)!;
    const { lane, at } = course;
    if (!relay.holds.mayBegin(lane.hold, this.now)) {
      relay.alone = [];
      return void this.#end(relay, course);
    }
    if (!this.#owns(relay, lane.hold) || this.lease.until <= this.now) {
      this.wrong ||= `${lane.rows[at]!.name} begins under a lease that is over`;
    }
    course.phase = 'away';
    if (lane.rows[at]!.name === this.scene.poison) this.#die(place);
  }

  #arrive(relay: Relay, key: string): void {
    const course = relay.courses.get(key)!;
    this.log.push(course.lane.rows[course.at]!.name);
    course.phase = 'done';
  }

  #confirm(relay: Relay, key: string): void {
    const course = relay.courses.get(key)!;
    const { lane } = course;
    const row = lane.rows[course.at]!;
    if (relay.holds.has(lane.hold) && this.#owns(relay, lane.hold)) {
      if (!this.log.includes(row.name)) this.wrong ||= `${row.name} goes, and the broker has it not`;
      this.rows = this.rows.filter(({ id }) => id !== row.id);
      this.crashesOf.delete(row.key);
      if (this.lease.trying === row.id) this.lease = { ...this.lease, trying: undefined };
    } else relay.holds.drop(lane.hold);
    course.at++;
    course.phase = 'idle';
    if (course.at === lane.rows.length || !relay.holds.has(lane.hold)) this.#end(relay, course);
  }

  #end(relay: Relay, { lane }: Course): void {
    relay.lanes.leave(lane);
    relay.courses.delete(lane.key);
    if (!relay.marked) return;
    relay.marked = false;
    relay.alone = relay.holds.has(lane.hold) ? relay.alone.slice(1) : [];
  }

  /** What it had sent may still arrive, once; another one takes its place, which knows nothing. */
  #die(place: number): void {
    const relay = this.relays[place]!;
    for (const { lane, at, phase } of relay.courses.values()) {
      const { name } = lane.rows[at]!;
      if (phase === 'away' && name !== this.scene.poison && this.late.length === 0) this.late.push(name);
    }
    this.deaths++;
    this.relays[place] = new Relay(++this.#names, this.#lease);
  }

  /** What matters from now on: times from now, epochs by whether they are the present one. */
  key(): string {
    const { lease, now } = this;
    const owner = this.relays.findIndex(({ name }) => String(name) === lease.owner);
    const left = (until: number): number => Math.max(Math.min(until - now, this.#lease), -1);
    const relays = this.relays.map(({ holds, lanes, courses, alone, marked }) => {
      const hold = holds.get(0);
      const mine = hold && [hold.epoch === lease.epoch, left(hold.until - MARGIN), hold.suspectTo, hold.open];
      const open = [...courses.values()].map(({ lane, at, phase }) => {
        return `${lane.rows.map(({ name }) => name)}@${at}${phase}${holds.has(lane.hold)}`;
      });
      return [mine, open, lanes.size, alone.map(({ name }) => name), marked].join('|');
    });
    const { suspectTo, trying, reach } = lease;
    const known = [lease.owner === undefined, owner, left(lease.until), suspectTo, trying, reach].join();
    const first = [...new Set(this.log)].join('');
    const troubles = [[...this.crashesOf].sort().join(), [...this.parked].sort().join()];
    const rest = [
      this.rows.map(({ name }) => name),
      this.committed.length,
      this.late,
      this.deaths,
      this.wrong,
    ];
    return [known, ...relays, first, ...troubles, ...rest].join(' / ');
  }
}
