export const hedge = {
  name: 'alfred 0.10.3',
  load: async () => {
    const { hedge } = await import('@git-stunts/alfred');
    return ({ delayMs }, operation) => {
      const policy = hedge({ delay: delayMs, maxHedges: 1 });
      return () => policy.execute(operation);
    };
  },
};
