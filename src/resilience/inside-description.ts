import { isRecord } from '../kernel/options.js';

/** What a policy tells of the one that it stands around, as a config has it: of a pipeline the list. */
export function describeInside(inside: object): unknown {
  const part = inside as { describe?: () => unknown; constructor?: { name: string } };
  const told = part.describe?.() ?? { kind: part.constructor?.name ?? 'anonymous' };
  const isPipeline = isRecord(told) && told['kind'] === undefined && Array.isArray(told['pipeline']);
  return isPipeline ? told['pipeline'] : told;
}
