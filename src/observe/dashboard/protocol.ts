import type { CallSlice } from './call-series.js';

/** What the server of a dashboard tells its page; both sides are held to these types. */

/** One thing, wherever it is. */
export interface ThingFacts {
  /** Names it in this run of the dashboard, and nowhere else. */
  readonly key: string;
  readonly service: string;
  /** Which process of the service; empty for the one that the dashboard is in. */
  readonly instance: string;
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** The id of the thing that it is a part of; empty for one that stands by itself. */
  readonly whole: string;
  readonly description: unknown;
  readonly snapshot: unknown;
  /** What is asked of things of this kind beyond that: why a breaker is open, who the instances are. */
  readonly detail: unknown;
  /** The calls of a meter over time. */
  readonly series?: readonly CallSlice[];
}

/** What has changed of a thing that is known; what is left out is as it was. */
export interface ThingChange {
  readonly key: string;
  readonly description?: unknown;
  readonly snapshot?: unknown;
  readonly detail?: unknown;
  /** Those that are new; the first may stand for the last that is known. */
  readonly series?: readonly CallSlice[];
}

/** An event, or as many alike as happened within one interval. */
export interface LoggedEvent {
  /** When the last of them happened, in epoch ms. */
  readonly at: number;
  readonly service: string;
  readonly instance: string;
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly event: string;
  readonly count: number;
  /** That of the last of them. */
  readonly payload: unknown;
}

/** Since when a breaker is in a state. */
export interface StateChange {
  readonly at: number;
  readonly state: string;
}

/** A process that feeds the dashboard. */
export interface ServiceFacts {
  readonly service: string;
  readonly instance: string;
  /** Whether it has been silent for longer than it should. */
  readonly stale: boolean;
  readonly things: number;
}

/** A place where dead letters lie. */
export interface ShelfFacts {
  readonly key: string;
  readonly name: string;
}

/** All that there is to know at a moment. */
export interface StateMessage {
  readonly epoch: string;
  readonly at: number;
  readonly title: string;
  readonly intervalMs: number;
  readonly things: readonly ThingFacts[];
  readonly services: readonly ServiceFacts[];
  readonly gauges: Readonly<Record<string, number | null>>;
  readonly shelves: readonly ShelfFacts[];
  readonly events: readonly LoggedEvent[];
  /** Of breakers, by key. */
  readonly timelines: Readonly<Record<string, readonly StateChange[]>>;
}

/** What has changed since the message before. */
export interface PatchMessage {
  readonly at: number;
  readonly made?: readonly ThingFacts[];
  readonly changed?: readonly ThingChange[];
  readonly gone?: readonly string[];
  readonly services?: readonly ServiceFacts[];
  readonly gauges?: Readonly<Record<string, number | null>>;
  readonly events?: readonly LoggedEvent[];
  /** Events that were too many to be told one by one. */
  readonly untold?: number;
}

/** Whether who looks may act, and what a request to act has to carry. */
export interface SessionMessage {
  readonly token: string;
  /** The names of the actions that are offered; none where the dashboard is read-only. */
  readonly actions: readonly string[];
}

/** What a page asks for. */
export interface ActionRequest {
  readonly epoch: string;
  readonly action: string;
  /** The key of a thing, or of a shelf of dead letters. */
  readonly key: string;
  readonly saga?: string;
  readonly step?: string;
  readonly position?: string;
  readonly reason?: string;
}

/** A saga in a list. */
export interface SagaFacts {
  readonly id: string;
  readonly definition: string;
  readonly version: number;
  readonly status: string;
  readonly direction: string;
  readonly cancellable: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** By name of the step. */
  readonly entries: Readonly<Record<string, SagaStepFacts>>;
  readonly because: unknown;
}

/** How far a step has come. */
export interface SagaStepFacts {
  readonly state?: string;
  readonly attempts?: number;
  readonly stuck?: boolean;
  readonly dueAt?: number;
  readonly error?: unknown;
}

/** A page of the list of sagas. */
export interface SagasMessage {
  readonly sagas: readonly SagaFacts[];
}

/** A dead letter in a list. */
export interface DeadLetterFacts {
  readonly position: string;
  readonly id: string;
  readonly topic: string;
  readonly reason: string;
  readonly error: { readonly name?: string; readonly code?: string; readonly message?: string };
  readonly attempts: number;
  readonly diedAt: number | null;
  readonly data: unknown;
}

/** A page of the list of dead letters. */
export interface DeadLettersMessage {
  readonly letters: readonly DeadLetterFacts[];
}
