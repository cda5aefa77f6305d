/**
 * A PGlite in its folder that other processes share: the database of the orders, and that of the bus. In
 * earnest this is PostgreSQL.
 */
import { PGlite } from './pglite.mjs';
import { answerParent, endWithParent, tell, told } from './service.mjs';
import { lend } from './wire.mjs';

endWithParent();
answerParent({});
const port = await lend(await PGlite.create(told.data), { port: told.port });
tell({ type: 'ready', port });
