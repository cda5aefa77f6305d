export type { UndiciAnswer, UndiciFields } from './adapters/undici/undici-answer.js';
export { undiciRetryAfterMs, undiciRetryVerdict, undiciVerdict } from './adapters/undici/undici-answer.js';
export { UndiciEngine, type UndiciEngineOptions } from './adapters/undici/undici-engine.js';
export { type UndiciInterceptorOptions, undiciInterceptor } from './adapters/undici/undici-interceptor.js';
export type { Undici, UndiciAgent } from './adapters/undici/undici-module.js';
