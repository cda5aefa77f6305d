export { Timeout, type TimeoutEvents, type TimeoutOptions } from './resilience/timeout.js';
