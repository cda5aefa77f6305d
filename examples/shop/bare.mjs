/** The same shop as everybody writes it first: fetch, one after the other, and nothing around it. */
import { createServer } from 'node:http';
import { calls } from './order-saga.mjs';
import { answerParent, endWithParent, listen, tell, told } from './service.mjs';

endWithParent();
/** Where the services are. Somebody keeps it up to date. */
let at = told.addresses;
const move = asked => {
  at = asked.addresses;
};
answerParent({ addresses: move });

async function ask(service, path, method = 'GET') {
  const answer = await fetch(`${at[service]}${path}`, { method });
  if (!answer.ok) throw new Error(`${service}: HTTP ${answer.status}`);
  return await answer.json();
}

async function page(sku) {
  const stock = await ask('inventory', `/stock/${sku}`);
  const { tips } = await ask('recommendations', `/tips/${sku}`);
  return { stock, tips };
}

async function order(id) {
  const done = [];
  try {
    for (const call of calls) {
      await ask(call.service, `/orders/${id}?amount=${call.amount}`, 'PUT');
      done.unshift(call);
    }
  } catch (error) {
    for (const { service } of done) await ask(service, `/orders/${id}`, 'DELETE').catch(() => {});
    throw error;
  } finally {
    await ask('notifications', `/mails/${id}`, 'PUT');
  }
  return { id };
}

const server = createServer(async (request, response) => {
  const [what, which] = new URL(request.url, 'http://shop').pathname.split('/').filter(Boolean);
  try {
    const body = await (what === 'orders' ? order(which) : page(which));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } catch (error) {
    const declined = /422/.test(error.message);
    response.writeHead(declined ? 422 : 500).end(JSON.stringify({ why: error.message }));
  }
});
const port = await listen(server);
tell({ type: 'ready', port, url: `http://127.0.0.1:${port}` });
