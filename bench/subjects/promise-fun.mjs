export const pRetry = {
  name: 'p-retry 7.1.1',
  load: async () => {
    const { default: retry } = await import('p-retry');
    return ({ attempts, delayMs }, operation) => {
      const options = { retries: attempts - 1, minTimeout: delayMs, factor: 1 };
      return () => retry(operation, options);
    };
  },
};

export const pTimeout = {
  name: 'p-timeout 7.0.2',
  load: async () => {
    const { default: timeout } = await import('p-timeout');
    return ({ timeoutMs }, operation) => {
      const options = { milliseconds: timeoutMs };
      return () => timeout(operation(), options);
    };
  },
};
