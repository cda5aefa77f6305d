/** Knows what else a customer may like. Nobody misses it. */
import { serve } from './service.mjs';
import { shop } from './settings.mjs';

await serve('recommendations', async ({ segments }) => ({
  body: { tips: shop.skus.filter(sku => sku !== segments[1]) },
}));
