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

/**
 * The first pipeline of a process is some nanoseconds faster than all that come after it, whatever is in
 * them: what it runs is compiled for it alone. Neither of those that are compared shall be that one.
 */
async function makeOneBefore() {
  const policy = dist.pipeline(new dist.CircuitBreaker(), new dist.Bulkhead({ slots: 1 }));
  for (let i = 0; i < 20_000; i++) await policy.execute(async () => 1);
}

const subject = (name, meterOf) => ({
  name,
  missing,
  load: async () => {
    if (missing !== undefined) return undefined;
    await makeOneBefore();
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
