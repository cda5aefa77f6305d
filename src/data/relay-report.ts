import type { ParkReason, PublishVerdict } from '../core/outbox-failure.js';
import type { Clock } from '../kernel/clock.js';
import { Emitter } from '../kernel/events.js';
import type { OutboxRow } from './outbox-store.js';
import { type OutboxRelayEvents, relayEvents } from './relay-options.js';

/** Counts what happens in a relay, and tells of it. */
export class RelayReport {
  readonly events = new Emitter<OutboxRelayEvents>(relayEvents);
  readonly counts = { published: 0, failed: 0, parked: 0, lost: 0 };
  readonly #name: string;
  readonly #clock: Clock;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  published(row: OutboxRow): void {
    this.counts.published++;
    this.#tell('published', { id: row.messageId, key: row.key, topic: row.topic });
  }

  failed(row: OutboxRow, verdict: PublishVerdict, retryMs: number, error: unknown): void {
    this.counts.failed++;
    const facts = { id: row.messageId, key: row.key, topic: row.topic };
    this.#tell('publishFailed', { ...facts, verdict, retryMs, error });
  }

  parked(id: string, key: string, topic: string, reason: ParkReason, error?: unknown): void {
    this.counts.parked++;
    if (reason !== 'crashed') this.counts.failed++;
    this.#tell('parked', { id, key, topic, reason, error });
  }

  lost(bucket: number): void {
    this.counts.lost++;
    this.#tell('lost', { bucket });
  }

  shared(buckets: number, relays: number): void {
    this.#tell('shared', { buckets, relays });
  }

  interrupted(error: unknown): void {
    this.#tell('interrupted', { error });
  }

  #tell<Name extends keyof OutboxRelayEvents>(
    event: Name,
    facts: Omit<OutboxRelayEvents[Name], 'relay' | 'at'>,
  ): void {
    if (!this.events.has(event)) return;
    const payload = { relay: this.#name, ...facts, at: this.#clock.wall() };
    this.events.emit(event, payload as unknown as OutboxRelayEvents[Name]);
  }
}
