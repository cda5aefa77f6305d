import { fork } from 'node:child_process';
import { once } from 'node:events';

/** The children that live. Whatever ends this process ends them; they watch for its end as well. */
const children = new Set();

/** What is to be done when this process ends, after its children have been ended. */
const farewells = [];

function endAll() {
  for (const child of children) child.kill('SIGKILL');
  for (const farewell of farewells) farewell();
}

process.on('exit', endAll);
const endings = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
for (const [signal, code] of Object.entries(endings)) process.once(signal, () => process.exit(code));

/** Calls `farewell` when this process ends, however it is asked to; it has to be done when it returns. */
export function onEnd(farewell) {
  farewells.push(farewell);
}

/** Waits for a message of this type; fails when the child ends before it comes. */
function answer(child, type) {
  return new Promise((resolve, reject) => {
    if (!child.connected) reject(new Error('a service has ended by itself'));
    const onMessage = message => {
      if (message.type !== type) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(message);
    };
    const onExit = (code, signal) => reject(new Error(`a service ended by itself (${signal ?? code})`));
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

/**
 * Starts a module in a process of its own; resolves with it and with what it says when it is ready. One that
 * `outlives` this process is not killed with it: it has to end by itself when it is alone.
 *
 * @param {URL} module
 * @param {string[]} args
 */
export async function startModule(module, args, { outlives = false } = {}) {
  const child = fork(module, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  if (!outlives) children.add(child);
  child.once('exit', () => children.delete(child));
  const ready = await answer(child, 'ready');
  return {
    ...ready,
    child,
    /** Asks for something, and waits for the answer. */
    ask(type, more = {}) {
      const message = answer(child, type);
      if (child.connected) child.send({ type, ...more });
      return message;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      if (child.connected) child.disconnect();
      await exit;
    },
    async kill() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
