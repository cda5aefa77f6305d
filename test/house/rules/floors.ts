/** The floor plan of `src/`, lowest first. Rooms that share a floor are blind to each other. */
export const floors: readonly (readonly string[])[] = [
  ['core', 'kernel'],
  ['resilience', 'messaging', 'events', 'saga', 'data', 'discovery'],
  ['proxy', 'testing'],
  ['gateway', 'observe'],
  ['adapters'],
];

/** Rooms that only the entry files may open. */
export const closed: readonly string[] = ['testing', 'gateway', 'adapters'];

/** Rooms that may know Node; everything else runs wherever JavaScript runs. */
export const onNode: readonly string[] = ['testing', 'observe', 'adapters'];

/** The two runtime dependencies and the only file that speaks to each; `''` is any room above the ground. */
export const dependencies: Readonly<Record<string, string>> = {
  eventemitter3: 'src/kernel/events.ts',
  'p-limit': '',
};

/** `core` for `src/core/x.ts`; `entry` for `src/x.ts`, which only re-exports; undefined outside `src`. */
export function roomOf(path: string): string | undefined {
  const [top, room, file] = path.split('/');
  if (top !== 'src') return undefined;
  return file === undefined ? 'entry' : room;
}

export const floorOf = (room: string): number => floors.findIndex(rooms => rooms.includes(room));
