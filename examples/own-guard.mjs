/**
 * A policy of your own. One that only lets calls in and hears how they ended is a guard: `enter` and
 * `exit`, no promises. In a pipeline it is fused with its neighbours, and refusing costs next to nothing.
 */
import { pipeline, Timeout } from 'keelson';

/** Refuses calls while somebody works on the remote. `rejected` says that the operation never ran. */
class Maintenance {
  under = false;

  enter() {
    if (this.under) {
      throw Object.assign(new Error('down for maintenance'), { code: 'ERR_MAINTENANCE', rejected: true });
    }
    // One permit for all calls, because they need not be told apart.
    return true;
  }

  exit() {}
}

/** Counts the calls that are under way, and how the others ended. */
class Meter {
  inFlight = 0;
  ended = { well: 0, badly: 0 };

  enter() {
    this.inFlight++;
    return true;
  }

  exit(_permit, ok) {
    this.inFlight--;
    this.ended[ok ? 'well' : 'badly']++;
  }
}

const meter = new Meter();
const maintenance = new Maintenance();
const policy = pipeline(meter, maintenance, new Timeout({ timeoutMs: 20 }));

console.log(await policy.execute(() => 'an answer'));

const slow = policy.execute(() => new Promise(() => {}));
console.log(`under way: ${meter.inFlight}`);
await slow.catch(error => console.log(error.code));

maintenance.under = true;
await policy.execute(() => 'never run').catch(error => console.log(error.code));

console.log(`under way: ${meter.inFlight}, ended well: ${meter.ended.well}, badly: ${meter.ended.badly}`);
