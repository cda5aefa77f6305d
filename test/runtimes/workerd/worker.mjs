// The core suite in workerd, within one request.
import * as keelson from 'keelson';
import * as testing from 'keelson/testing';
import { runSuite } from '../suite.mjs';
import { runUnits } from '../units/dist/units.mjs';

export default {
  async test() {
    const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
    const lines = await runSuite({ keelson, testing, AsyncLocalStorage });
    console.log(JSON.stringify({ ran: { import: lines, 'unit tests': await runUnits() } }));
  },
};
