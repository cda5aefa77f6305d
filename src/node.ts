export { type TcpCheckOptions, tcpCheck } from './adapters/node/tcp-check.js';
