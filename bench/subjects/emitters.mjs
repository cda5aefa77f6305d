import { EventEmitter as NodeEmitter } from 'node:events';
import Emittery from 'emittery';
import { EventEmitter } from 'eventemitter3';
import mittOf from 'mitt';

/** `on` subscribes, `emit` tells: each as the users of the package do. */
const emitter = (name, make, { on = (one, listener) => one.on('a', listener), emit }) => ({
  name,
  load: async () => (settings, operation) => {
    const one = make(settings);
    // A listener of its own each: some keep a set of functions.
    for (let i = 0; i < settings.listeners; i++) on(one, payload => operation(payload), settings);
    const { payload } = settings;
    return () => emit(one, payload);
  },
});

const told = { emit: (one, payload) => one.emit('a', payload) };

export const eventemitter3 = emitter('eventemitter3 5', () => new EventEmitter(), told);
export const nodeEvents = emitter('node:events', () => new NodeEmitter().setMaxListeners(0), told);
export const mitt = emitter('mitt 3.0.1', () => mittOf(), told);
export const emittery = emitter('emittery 1.2.0 emit', () => new Emittery(), told);
export const emitterySerial = emitter('emittery 1.2.0 emitSerial', () => new Emittery(), {
  emit: (one, payload) => one.emitSerial('a', payload),
});

/** What there is to do: call them, and await what they return. */
export const byHand = {
  name: 'bound',
  load: async () => (settings, operation) => {
    const listeners = Array.from({ length: settings.listeners }, () => payload => operation(payload));
    const { payload } = settings;
    if (!settings.async) {
      return () => {
        for (const listener of listeners) listener(payload);
      };
    }
    return async () => {
      await Promise.all(listeners.map(listener => listener(payload)));
    };
  },
};
