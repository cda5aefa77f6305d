// Packages that limit how many run at once, each called in the way its own documentation shows.
const subject = (name, load) => ({ name, load });

export const pLimit = subject('p-limit 7.3.3', async () => {
  const { default: limiter } = await import('p-limit');
  return ({ slots }, operation) => {
    const limit = limiter(slots);
    return () => limit(operation);
  };
});

export const pQueue = subject('p-queue 9.3.5', async () => {
  const { default: PQueue } = await import('p-queue');
  return ({ slots }, operation) => {
    const queue = new PQueue({ concurrency: slots });
    return () => queue.add(operation);
  };
});

export const asyncSema = subject('async-sema 3.1.1', async () => {
  const { Sema } = await import('async-sema');
  return ({ slots, queue }, operation) => {
    const sema = new Sema(slots, { capacity: queue });
    return async () => {
      await sema.acquire();
      try {
        return await operation();
      } finally {
        sema.release();
      }
    };
  };
});
