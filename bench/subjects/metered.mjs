// What a meter adds to policies that are there anyway: the floor, `bare`, is the same two without it.
let dist;
let missing;
try {
  const front = await import(new URL('../../dist/index.js', import.meta.url));
  dist = { ...front, ...(await import(new URL('../../dist/observe.js', import.meta.url))) };
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  missing = 'dist/ is not built: run `npm run build`';
}

const subject = (name, meterOf) => ({
  name,
  missing,
  load: async () => {
    if (missing !== undefined) return undefined;
    return (settings, operation) => {
      const inner = [new dist.CircuitBreaker(), new dist.Bulkhead({ slots: settings.slots })];
      const meter = meterOf?.();
      const policy = dist.pipeline(...(meter === undefined ? inner : [meter, ...inner]));
      const call = () => policy.execute(operation);
      return Object.assign(call, { meter });
    };
  },
});

export const without = subject('bare');
export const metered = subject('keelson', () => new dist.Meter());
export const dormant = subject('keelson', () => new dist.Meter({ enabled: false }));
