/** Tests without sleeps: time stands still until the test moves it, so half a minute takes no time at all. */
import assert from 'node:assert/strict';
import { CircuitBreaker, pipeline, Timeout } from 'keelson';
import { VirtualClock } from 'keelson/testing';

const clock = new VirtualClock();
const breaker = new CircuitBreaker({ consecutiveFailures: 2, openMs: 30_000, probes: 1, clock });
const policy = pipeline(breaker, new Timeout({ timeoutMs: 1_000, clock }));

const hang = () => new Promise(() => {});
const codeOf = call =>
  call.then(
    () => 'answered',
    error => error.code,
  );

// Two calls run out of time, at exactly one second.
const calls = [codeOf(policy.execute(hang)), codeOf(policy.execute(hang))];
await clock.advance(999);
assert.equal(breaker.state, 'closed');
await clock.advance(1);
assert.deepEqual(await Promise.all(calls), ['ERR_TIMEOUT', 'ERR_TIMEOUT']);
assert.equal(breaker.state, 'open');

// The break lasts 30 s, not a millisecond less.
await clock.advance(29_999);
assert.equal(await codeOf(policy.execute(() => 'too early')), 'ERR_CIRCUIT_OPEN');
await clock.advance(1);
assert.equal(await codeOf(policy.execute(() => 'a probe')), 'answered');
assert.equal(breaker.state, 'closed');

assert.equal(clock.timers, 0);
console.log(
  `${clock.now() / 1_000} s went by in ${Math.ceil(performance.now() / 1_000)} s, no timer is left`,
);
