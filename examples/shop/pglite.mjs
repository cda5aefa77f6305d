/**
 * PGlite, compiled quickly: it is 9 MB of WebAssembly, and the compiler that makes it fast costs each process
 * of a shop that is open for a minute more than it saves.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--liftoff-only');

export { PGlite } from '@electric-sql/pglite';
