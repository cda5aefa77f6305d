export { UndiciEngine, type UndiciEngineOptions } from './adapters/undici/undici-engine.js';
export type { Undici, UndiciAgent } from './adapters/undici/undici-module.js';
