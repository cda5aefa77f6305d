import type { Capabilities } from '../messaging/capabilities.js';
import { distributionLaws, shapeLaws } from './bus-laws-core.js';
import { deadLetterLaws } from './bus-laws-dead.js';
import { flowLaws, timeLaws } from './bus-laws-flow.js';
import { orderLaws } from './bus-laws-order.js';
import { requestLaws } from './bus-laws-requests.js';
import { settlementLaws } from './bus-laws-settlement.js';
import type { BusSubject } from './bus-subject.js';
import type { Law } from './law.js';
import { concerns, onStage } from './staged-law.js';

/**
 * What a bus must keep over any driver, as far as the driver says that its broker can; what it says it cannot
 * has to be refused. A law about an ability that it lacks altogether is not among them. The bus in memory
 * keeps all of them on a virtual clock.
 *
 * @example
 * ```ts
 * import { InMemoryBus } from 'keelson/messaging';
 * import { busLaws } from 'keelson/testing';
 *
 * declare const subject: Parameters<typeof busLaws>[0];
 * const laws = busLaws(subject); // for (const law of laws) it(law.name, law.check)
 * ```
 */
export function busLaws<C extends Capabilities>(subject: BusSubject<C>): readonly Law[] {
  const laws = [
    ...[distributionLaws, shapeLaws, settlementLaws, deadLetterLaws, orderLaws, flowLaws, timeLaws],
    requestLaws,
  ].flat();
  return laws.filter(concerns(subject.capabilities)).map(each => onStage(subject, each));
}
