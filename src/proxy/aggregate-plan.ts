import { circleOfParts, type GatheringPlan, type PartNeed, planGathering } from '../core/gathering.js';
import type { Clock } from '../kernel/clock.js';
import type { Emitter } from '../kernel/events.js';
import { refuse } from '../kernel/options.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import { Timeout } from '../resilience/timeout.js';
import type { AggregateEvents, AggregateOptions } from './aggregate-options.js';
import { type AnyPart, OptionalSpec, PartSpec, type Parts, type RunPart } from './part.js';

/** A part that is needed, by its name there. */
export interface NodeNeed extends PartNeed {
  readonly name: string;
  /** What stands for it when it is missing. */
  readonly otherwise: unknown;
}

/** What is run once for an answer, however many names it goes by. */
export interface PartNode {
  /** The first name that it was found under. */
  readonly name: string;
  readonly run: RunPart;
  readonly policy: Policy | undefined;
  readonly timeoutMs: number;
  readonly needs: readonly NodeNeed[];
}

/** A place in the answer. */
export interface ListedPart {
  readonly name: string;
  readonly node: number;
  readonly optional: boolean;
  readonly otherwise: unknown;
}

/** What has happened so far, and who listens. */
export interface AggregateTally {
  running: number;
  complete: number;
  partial: number;
  failed: number;
  events: Emitter<AggregateEvents> | undefined;
}

/** All that a run goes by. */
export interface AggregatePlan extends Required<AggregateOptions> {
  readonly nodes: readonly PartNode[];
  readonly listed: readonly ListedPart[];
  /** The names that each node goes by in the answer. */
  readonly namesOf: readonly (readonly string[])[];
  readonly gathering: GatheringPlan;
  readonly tally: AggregateTally;
}

type Draft = Omit<PartNode, 'needs'> & { needs: NodeNeed[] };

/** Finds all parts that `parts` are made of, each once, and what they are to each other. */
class Survey {
  readonly nodes: Draft[] = [];
  readonly #places = new Map<unknown, number>();
  /** Found, but not asked yet what they need. */
  readonly #open: { readonly spec: PartSpec; readonly node: Draft }[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The place of a part, and what is said about its absence. */
  place(name: string, part: AnyPart): ListedPart {
    const optional = part instanceof OptionalSpec;
    const spec: unknown = optional ? part.part : part;
    const node = this.#places.get(spec) ?? this.#add(name, spec);
    return { name, node, optional, otherwise: optional ? part.otherwise : undefined };
  }

  finish(): void {
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      for (const [name, part] of Object.entries(next.spec.needs)) {
        const { node, optional, otherwise } = this.place(name, part);
        next.node.needs.push({ name, part: node, required: !optional, otherwise });
      }
    }
  }

  #add(name: string, spec: unknown): number {
    const place = this.nodes.length;
    this.#places.set(spec, place);
    const plain = typeof spec === 'function';
    if (!plain && !(spec instanceof PartSpec)) {
      refuse('aggregate', name, 'a function, or what `part` or `optional` made', spec);
    }
    const { run, timeoutMs, policy } = plain
      ? { run: spec as RunPart, timeoutMs: Infinity, policy: undefined }
      : spec;
    const node: Draft = { name, run, timeoutMs, policy: this.#policyOf(name, timeoutMs, policy), needs: [] };
    this.nodes.push(node);
    if (!plain) this.#open.push({ spec, node });
    return place;
  }

  #policyOf(name: string, timeoutMs: number, policy: Policy | undefined): Policy | undefined {
    if (timeoutMs === Infinity) return policy === undefined ? undefined : pipeline(policy);
    const timeout = new Timeout({ timeoutMs, name, clock: this.#clock });
    return policy === undefined ? timeout : pipeline(timeout, policy);
  }
}

/** @throws TypeError when something is no part, or parts need each other in a circle. */
export function planAggregate(parts: Parts, options: Required<AggregateOptions>): AggregatePlan {
  const survey = new Survey(options.clock);
  const listed = Object.entries(parts).map(([name, part]) => survey.place(name, part));
  survey.finish();
  const { nodes } = survey;
  const needs = nodes.map(node => node.needs);
  const circle = circleOfParts(needs);
  if (circle !== undefined) {
    const way = circle.map(place => nodes[place]!.name).join(' -> ');
    refuse('aggregate', 'needs', 'free of circles', way);
  }
  const required = listed.filter(({ optional }) => !optional).map(({ node }) => node);
  const namesOf: string[][] = nodes.map(() => []);
  for (const { name, node } of listed) namesOf[node]!.push(name);
  const tally = { running: 0, complete: 0, partial: 0, failed: 0, events: undefined };
  return { ...options, nodes, listed, namesOf, gathering: planGathering(needs, required), tally };
}
