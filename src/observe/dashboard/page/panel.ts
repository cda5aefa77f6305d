import type { Server } from './acting.js';
import type { Asking } from './ask.js';
import type { Model } from './model.js';

/** What all panels get. */
export interface Surroundings {
  readonly model: Model;
  readonly server: Server;
  readonly asking: Asking;
  /** The service that is looked at; empty for all. */
  service(): string;
}

/** What stands beside the name of a panel: how many things want to be looked at. */
export interface Badge {
  readonly count: number;
  readonly tone: 'bad' | 'warn' | 'idle';
}

/** A view of the page. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly root: HTMLElement;
  /** Draws how things stand; only the one that is open is asked. */
  update(): void;
  badge?(): Badge | undefined;
}
