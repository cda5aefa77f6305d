/** What the dashboard of the shop is told, where somebody watches (`--watch`). */
import { DashboardFeed, dashboard } from 'keelson/dashboard';
import { Observatory } from 'keelson/observe';
import { told } from './service.mjs';
import { frames } from './topics.mjs';

/** What is published is the telling itself, which is no news. */
function lookAt(bus, ...things) {
  const observatory = new Observatory({ service: told.name });
  observatory.watch(bus, { events: ['publishFailed'] });
  for (const thing of things) observatory.watch(thing);
  return observatory;
}

/** Tells the dashboard over the bus what these things do. One that the bus loses is told again. */
export function tellOps(bus, ...things) {
  if (!told.watch) return;
  const observatory = lookAt(bus, ...things);
  new DashboardFeed({ observatory, publish: frame => bus.publish(frames, frame) });
}

/** The dashboard: of things in this process, and of what the others tell. It hears all: it has no group. */
export async function openOps(bus, basePath) {
  const observatory = lookAt(bus);
  // Whoever sits at this machine may act; a real shop asks who it is.
  const board = dashboard({ observatory, basePath, title: 'The shop', authorise: () => 'you' });
  await bus.subscribe(frames, { group: null }, ({ data }) => void board.receive(data)).ready;
  /** @type {import('keelson/gateway').GatewayRoute} */
  const route = { path: `${basePath}/*`, auth: false, upstream: pageOf(board) };
  return { observatory, route };
}

/** The dashboard as an upstream of the gateway: a function of a request. */
const pageOf =
  board =>
  async ({ method, path, query, fields }, { signal }, body) => {
    const headers = new Headers();
    for (let at = 0; at < fields.length; at += 2) headers.append(fields[at], fields[at + 1]);
    const init = { method, headers, signal, ...(method === 'POST' && { body: await body.text() }) };
    return board.fetch(new Request(`http://${headers.get('host')}${path}${query}`, init));
  };
