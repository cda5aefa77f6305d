export type { ConflictRule, MergeConflict } from './core/merge.js';
export { Aggregate, type AggregateArguments, aggregate } from './proxy/aggregate.js';
export type {
  AggregateAnswer,
  ArrivedPart,
  CompleteAnswer,
  OptionalNames,
  PartialAnswer,
} from './proxy/aggregate-answer.js';
export type {
  AggregateDescription,
  AggregateEvents,
  AggregateOptions,
  AggregateSnapshot,
  PartDescription,
} from './proxy/aggregate-options.js';
export { type LoadBatch, Loader, type LoaderOptions } from './proxy/loader.js';
export { type Merged, type MergeOptions, mergeAnswers } from './proxy/merge-answers.js';
export type { MissingPart, MissingReason } from './proxy/missing-reason.js';
export {
  type AnyPart,
  type Got,
  type GotOf,
  type InputsOf,
  type OptionalOptions,
  type OptionalPart,
  optional,
  type Part,
  type PartOptions,
  type Parts,
  part,
  type ValueOf,
} from './proxy/part.js';
export { type EndpointOperation, firstOf, quorum, scatterGather } from './proxy/scatter.js';
export type { Gathered, ScatterOptions } from './proxy/scatter-options.js';
export { ServiceProxy } from './proxy/service-proxy.js';
export type {
  InstanceSource,
  ProxyFetch,
  ProxyOperation,
  Remote,
  ServiceProxyOptions,
  ServiceProxySnapshot,
} from './proxy/service-proxy-options.js';
