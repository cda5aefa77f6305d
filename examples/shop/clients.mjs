import { ServiceProxy } from 'keelson';
import { ServiceWatcher } from 'keelson/discovery';
import { registryOf, told } from './service.mjs';

/** An answer that says no. The saga looks at `status`: 4xx had no effect. */
class HttpError extends Error {
  constructor(status) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** Finds services through the registry, for as long as this process lives. */
export function finder() {
  const registry = registryOf();
  return async (service, options = {}) => {
    const watcher = new ServiceWatcher({ registry, service });
    await watcher.ready;
    // Switched off: the addresses are those that it found at its start.
    const instances = told.off === 'discovery' ? watcher.usable() : watcher;
    return new ServiceProxy({ service, instances, ...options });
  };
}

/** The JSON of an answer; what is no success is an error. */
export async function jsonOf(response) {
  if (response.ok) return await response.json();
  await response.body?.cancel();
  throw new HttpError(response.status);
}
