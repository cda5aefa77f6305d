import { startModule } from '../parts/processes.mjs';

/**
 * Starts a file of this folder in a process of its own; resolves with it and with what it says when it is
 * ready.
 */
export const start = (file, ...args) => startModule(new URL(file, import.meta.url), args);

/** Starts a service in a process of its own, on a port that the system chooses. */
export async function startService() {
  const { port, child, ask, stop } = await start('./services.mjs');
  return {
    origin: `http://127.0.0.1:${port}`,
    /** Its clock starts now. */
    start: () => child.send({ type: 'start' }),
    enter: phase => child.send({ type: 'phase', phase }),
    /** What it has seen so far. */
    async report() {
      const { seen, stallMs } = await ask('report');
      return { ...seen, stallMs };
    },
    stop,
  };
}
