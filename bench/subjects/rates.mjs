// Packages that limit how many start in a span of time, each called in the way its own documentation shows.
const subject = (name, load) => ({ name, load });

export const limiter = subject('limiter 4.1.0', async () => {
  const { RateLimiter } = await import('limiter');
  return ({ limit, perMs }, operation) => {
    const rate = new RateLimiter({ tokensPerInterval: limit, interval: perMs, fireImmediately: true });
    return async () => {
      if ((await rate.removeTokens(1)) < 0) throw new Error('limited');
      return operation();
    };
  };
});

export const flexible = subject('rate-limiter-flexible 11.4.0', async () => {
  const { RateLimiterMemory } = await import('rate-limiter-flexible');
  return ({ limit, perMs }, operation) => {
    const rate = new RateLimiterMemory({ points: limit, duration: perMs / 1000 });
    return async () => {
      await rate.consume('one');
      return operation();
    };
  };
});
