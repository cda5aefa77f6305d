import type { Capabilities } from '../messaging/capabilities.js';
import { BusStage, type BusSubject } from './bus-subject.js';
import { type Demand, type Law, law } from './law.js';

/** A law of a bus, which is checked on a stage of its own. */
export interface StagedLaw {
  /** A sentence in the present tense. */
  readonly name: string;
  /** Whether it says anything of such a broker; a law that leaves this out holds for all of them. */
  readonly needs?: (capabilities: Capabilities) => boolean;
  /** Resolves when the law holds. */
  readonly check: (stage: BusStage, demand: Demand) => Promise<void>;
}

/** What a law can be asked of. */
export const concerns =
  (capabilities: Capabilities) =>
  ({ needs }: StagedLaw): boolean =>
    needs === undefined || needs(capabilities);

/** The law for one subject; its stage is cleared whatever comes. */
export function onStage<C extends Capabilities>(subject: BusSubject<C>, { name, check }: StagedLaw): Law {
  return law(name, async demand => {
    const stage = new BusStage(subject as unknown as BusSubject);
    try {
      await check(stage, demand);
    } finally {
      await stage.clear();
    }
  });
}
