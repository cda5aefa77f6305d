/** Where the services of the shop are found. It is the last to end, and takes away what is left. */
import { serveRegistry } from 'keelson/node';
import { clearAll } from './buses.mjs';
import { answerParent, endWithParent, tell, told } from './service.mjs';

endWithParent({ tidies: () => clearAll(told) });
answerParent({});
const { url } = await serveRegistry({ port: told.port ?? 0 });
tell({ type: 'ready', url, port: Number(new URL(url).port) });
