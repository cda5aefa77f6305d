import { createHook } from 'node:async_hooks';
import { turn } from './drivers.mjs';

function heldBytes() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes that stay alive per idle instance: as constructed, and after each has made one call. */
export async function memoryOf(subject, settings) {
  const count = Math.ceil(settings.instances * (subject.share ?? 1));
  // One instance first: what a package builds once must not be charged to the many.
  await subject.make.call(subject.make.create());
  await turn();
  const instances = new Array(count).fill(undefined);
  const empty = heldBytes();
  for (let i = 0; i < count; i++) instances[i] = subject.make.create();
  const idle = heldBytes();
  for (let i = 0; i < count; i++) await subject.make.call(instances[i]);
  await turn();
  const used = heldBytes();
  return {
    count,
    bytes: (idle - empty) / count,
    bytesAfterCall: (used - empty) / count,
    kept: instances.length,
  };
}

const notHandles = new Set(['PROMISE', 'TickObject', 'Microtask', 'AsyncResource']);

/** Timers and handles that 100 idle instances hold, unreferenced ones too, per instance. */
export async function timersOf(subject) {
  const live = new Map();
  const hook = createHook({
    init: (id, type) => {
      if (!notHandles.has(type)) live.set(id, type);
    },
    destroy: id => live.delete(id),
  });
  const count = 100;
  const instances = [];
  hook.enable();
  for (let i = 0; i < count; i++) instances.push(subject.make.create());
  for (const instance of instances) await subject.make.call(instance);
  // An immediate of this file's own is among the live while its callback runs; two turns let it go.
  await turn();
  await turn();
  hook.disable();
  const types = [...live.values()].filter(type => type !== 'Immediate');
  return { timers: types.length / count, types: [...new Set(types)] };
}
