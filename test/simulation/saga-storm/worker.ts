import type { Clock } from '../../../src/kernel/clock.js';
import { SagaOrchestrator } from '../../../src/saga/orchestrator.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import type { SagaData } from '../../../src/saga/saga-node.js';
import type { SagaStore } from '../../../src/saga/saga-store.js';
import type { StepContext } from '../../../src/saga/step-context.js';
import { type OnPoint, SagaLife } from '../../../src/testing/saga/saga-life.js';
import type { SeededRandom } from '../../../src/testing/seeded-random.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';
import type { Bank } from './bank.js';
import type { Mistake } from './mistakes.js';
import type { Network } from './network.js';
import { deltasOf, type Shape, type ShapeInput, type ShapeNode } from './shape.js';
import { LEASE_MS, type Witness } from './witness.js';

/** What all workers of a run share. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly definitions: readonly SagaData[];
  readonly network: Network;
  readonly bank: Bank;
  readonly witness: Witness;
  readonly mistake: Mistake | undefined;
}

/** A process: an orchestrator with a life of its own, a clock on its wall, and a way to the store. */
export class Worker {
  readonly life: SagaLife;
  readonly orchestrator: SagaOrchestrator;
  /** How wrong the clock on its wall is. */
  skewMs = 0;
  readonly #around: Surroundings;
  /** By saga and epoch, the steps that run forward here, and since when. */
  readonly #pending = new Map<string, Map<string, number>>();

  constructor(
    around: Surroundings,
    storeOf: (die: () => void) => SagaStore,
    random: SeededRandom,
    onPoint: OnPoint,
  ) {
    this.#around = around;
    const { clock, definitions } = around;
    const wall: Clock = {
      now: () => clock.now(),
      wall: () => clock.wall() + this.skewMs,
      coarse: () => clock.coarse(),
      afterTurn: callback => clock.afterTurn(callback),
      schedule: (ms, callback, keepAlive) => clock.schedule(ms, callback, keepAlive),
    };
    const store = storeOf(() => this.life.end('killed'));
    this.life = new SagaLife(wall, store, onPoint);
    this.orchestrator = new SagaOrchestrator({
      ...{ store: this.life.store, clock: this.life.clock, definitions, random },
      ...{ leaseMs: LEASE_MS, marginMs: 2_000, pollMs: 1_000, maxPollMs: 5_000, recheckMs: 2_000 },
    });
    void this.#boot();
  }

  /** Until the store can be opened. */
  async #boot(): Promise<void> {
    for (;;) {
      try {
        await this.orchestrator.work();
        return;
      } catch {
        await new Promise<void>(resolve => this.life.clock.schedule(500, resolve));
      }
    }
  }

  async send(shape: Shape, node: ShapeNode, call: StepContext<ShapeInput, object>): Promise<unknown> {
    const { sagaId, input, epoch, direction, attempt } = call;
    const { clock, network, witness, mistake } = this.#around;
    const claim = `${sagaId} ${epoch}`;
    const pending = this.#pending.get(claim) ?? new Map<string, number>();
    this.#pending.set(claim, pending);
    const allowed = witness.sending(shape, node, call, pending);
    const key =
      mistake === 'a key for each attempt'
        ? `${sagaId}:${node.name}#${epoch}.${attempt}:${direction}`
        : call.idempotencyKey;
    const delta = deltasOf(shape, input).get(node.name) ?? 0;
    const bad = input.bad === node.name;
    const request = { key, saga: sagaId, step: node.name, direction, epoch, delta, bad };
    if (direction === 'forward') pending.set(node.name, clock.now());
    try {
      await allowed;
      const reply = await this.life.pass(`sends ${key}`, () => network.call(request));
      if ('ok' in reply) return reply.ok;
      if (direction === 'forward') throw new StepFailedError(reply.refused);
      throw new Error(reply.refused);
    } finally {
      if (direction === 'forward') pending.delete(node.name);
    }
  }

  async ask(
    node: ShapeNode,
    { sagaId }: StepContext<ShapeInput, object>,
  ): Promise<{ ran: boolean; output: unknown }> {
    return this.life.pass(`asks about ${node.name}`, async () => {
      const ran = this.#around.bank.has(sagaId, node.name);
      return { ran, output: `${node.name} of ${sagaId}` };
    });
  }
}
