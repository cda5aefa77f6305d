// A choice of one of a hundred instances, and the word that its call is over.
const built = new URL('../../dist/discovery.js', import.meta.url);

const instances = Array.from({ length: 100 }, (_, at) => ({ id: `10.0.0.${at}:8080` }));

const way = (name, wayOf, key) => ({
  name,
  load: async () => {
    const discovery = await import(built);
    return (_settings, operation) => {
      const balancer = new discovery.Balancer({ instances, by: wayOf(discovery) });
      let call = 0;
      return () => {
        const pick = balancer.pick(key ? { key: `user ${call++ & 1023}` } : undefined);
        const answer = operation(pick.instance);
        pick.done();
        return answer;
      };
    };
  },
});

export const bare = {
  name: 'bare',
  load: async () => (_settings, operation) => () => operation(instances[0]),
};

export const roundRobin = way('round robin', d => d.roundRobin());
export const weightedChance = way('weighted chance', d => d.weightedChance());
export const leastBusy = way('least busy', d => d.leastBusy());
export const peakEwma = way('peak EWMA', d => d.peakEwma());
export const hashRing = way('hash ring', d => d.hashRing(), true);
export const maglev = way('maglev', d => d.maglev(), true);
export const rendezvous = way('rendezvous', d => d.rendezvous(), true);
