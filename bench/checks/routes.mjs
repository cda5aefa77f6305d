import { must } from './must.mjs';

/** Finds the route of each path that the table has. */
export async function findsRoutes(make, settings) {
  const names = new Set();
  const call = make(settings, route => {
    names.add(route?.name);
    return route;
  });
  for (let calls = 0; calls < 8; calls++) call();
  must(names.has('/api/v1/r1'), 'finds a route by its text');
}
