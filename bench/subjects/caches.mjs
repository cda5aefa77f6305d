import { LRUCache } from 'lru-cache';
import pMemoizeOf from 'p-memoize';

export const lruCache = {
  name: 'lru-cache 11.5.3 fetch',
  load: async () => (settings, operation) => {
    const cache = new LRUCache({
      max: settings.entries,
      ttl: settings.ttlMs,
      fetchMethod: () => operation(),
    });
    return () => cache.fetch(settings.key);
  },
};

/** Without a cache it only shares what is under way. */
export const pMemoize = {
  name: 'p-memoize 9.0.0',
  load: async () => (settings, operation) => {
    const call = pMemoizeOf(() => operation(), { cache: false, cacheKey: ([key]) => key });
    return () => call(settings.key);
  },
};
