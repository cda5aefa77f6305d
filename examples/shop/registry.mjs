/** Where the services of the shop are found. It also tidies up when its parent was killed. */
import { serveRegistry } from 'keelson/node';
import { answerParent, endWithParent, tell, told } from './service.mjs';

endWithParent({ tidies: true });
answerParent({});
const { url } = await serveRegistry({ port: told.port ?? 0 });
tell({ type: 'ready', url, port: Number(new URL(url).port) });
