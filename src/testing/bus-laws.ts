import type { Capabilities } from '../messaging/capabilities.js';
import { distributionLaws, shapeLaws } from './bus-laws-core.js';
import { flowLaws, timeLaws } from './bus-laws-flow.js';
import { orderLaws } from './bus-laws-order.js';
import { requestLaws } from './bus-laws-requests.js';
import { deadLetterLaws, settlementLaws } from './bus-laws-settlement.js';
import type { BusSubject } from './bus-subject.js';
import type { Law } from './law.js';
import { onStage } from './staged-law.js';

/**
 * What a bus must keep over any driver, as far as the driver says that its broker can; what it says it cannot
 * has to be refused. The bus in memory keeps all of them on a virtual clock.
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
    subject.capabilities.fanOut ? requestLaws : [],
  ];
  return laws.flat().map(each => onStage(subject, each));
}
