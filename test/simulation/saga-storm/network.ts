import type { SeededRandom } from '../../../src/testing/seeded-random.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';
import type { Bank, Reply, Request } from './bank.js';

type Fate = 'well' | 'unreached' | 'request lost' | 'answer lost' | 'twice' | 'late';

/** The network between workers and participants. What is under way outlives whoever sent it. */
export class Network {
  stormy = true;
  inFlight = 0;
  readonly counts = { sent: 0, unreached: 0, lost: 0, twice: 0, late: 0 };
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #bank: Bank;
  readonly #tell: (what: string) => void;
  /** How much of what is sent fares badly. */
  readonly #badRatio: number;
  readonly #longestMs: number;

  constructor(
    clock: VirtualClock,
    random: SeededRandom,
    bank: Bank,
    longestMs: number,
    tell: (what: string) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#bank = bank;
    this.#tell = tell;
    this.#longestMs = longestMs;
    this.#badRatio = random() * 0.4;
  }

  /** The reply, if there is one; rejects at once only where nothing was sent. */
  call(request: Request): Promise<Reply> {
    const fate = this.#fate();
    const { counts } = this;
    counts.sent++;
    this.#tell(`  ${request.key} goes under ${request.epoch}: ${fate}`);
    switch (fate) {
      case 'unreached':
        counts.unreached++;
        return Promise.reject(Object.assign(new Error('unreached'), { code: 'ECONNREFUSED' }));
      case 'request lost':
        counts.lost++;
        return this.#hangUp();
      case 'answer lost':
        counts.lost++;
        this.#deliver(request, this.#soon()).catch(() => {});
        return this.#hangUp();
      case 'twice':
        counts.twice++;
        this.#deliver(request, this.#random() * this.#longestMs).catch(() => {});
        return this.#deliver(request, this.#soon());
      case 'late':
        counts.late++;
        return this.#deliver(request, this.#random() * this.#longestMs);
      case 'well':
        return this.#deliver(request, this.#soon());
    }
  }

  #soon(): number {
    return 1 + Math.floor(this.#random() * 40);
  }

  #fate(): Fate {
    if (!this.stormy || this.#random() >= this.#badRatio) return 'well';
    const fates = ['unreached', 'request lost', 'answer lost', 'twice', 'late'] as const;
    return fates[Math.floor(this.#random() * fates.length)]!;
  }

  /** Nobody says anything; or the connection breaks. */
  #hangUp(): Promise<never> {
    const breaks = this.#random() < 0.5;
    return new Promise((_, reject) => {
      if (breaks) this.#clock.schedule(this.#soon(), () => reject(new Error('socket hang up')));
    });
  }

  #deliver(request: Request, afterMs: number): Promise<Reply> {
    this.inFlight++;
    return new Promise((resolve, reject) => {
      this.#clock.schedule(Math.floor(afterMs), () => {
        const had = this.#bank.effects.length;
        const answered = this.#bank.handle(request).finally(() => {
          this.inFlight--;
          const effect = this.#bank.effects.length > had ? ', and has its effect' : '';
          this.#tell(`  ${request.key} has come${effect}`);
        });
        answered.then(resolve, reject);
      });
    });
  }
}
