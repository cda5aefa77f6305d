import { Server } from './acting.js';
import { Asking } from './ask.js';
import { Model } from './model.js';
import type { Surroundings } from './panel.js';
import { BreakersPanel } from './panel-breakers.js';
import { DiscoveryPanel } from './panel-discovery.js';
import { GatewayPanel } from './panel-gateway.js';
import { LatencyPanel } from './panel-latency.js';
import { LimitsPanel } from './panel-limits.js';
import { LogPanel } from './panel-log.js';
import { MessagesPanel } from './panel-messages.js';
import { OtherPanel } from './panel-other.js';
import { OverviewPanel } from './panel-overview.js';
import { SagasPanel } from './panel-sagas.js';
import { Shell } from './shell.js';
import { Stream } from './stream.js';

/** Begins: all that the page needs is in it, and all that it shows comes from where it came from. */
export async function start(): Promise<void> {
  // The page is there with and without a slash at its end.
  const base = location.pathname.replace(/\/?$/, '/');
  const model = new Model();
  const server = new Server(base);
  const asking = new Asking(server, model);
  // Where that fails nothing is offered, and the page is one to look at.
  await server.begin().catch(() => {});
  let shell: Shell | undefined;
  const around: Surroundings = {
    model,
    server,
    asking,
    service: () => shell?.service ?? '',
  };
  const panels = [
    new BreakersPanel(around),
    new LimitsPanel(around),
    new LatencyPanel(around),
    new MessagesPanel(around),
    new SagasPanel(around),
    new DiscoveryPanel(around),
    new GatewayPanel(around),
    new OtherPanel(around),
    new LogPanel(around),
  ];
  const draw = onceAFrame(() => shell?.update());
  const stream = new Stream(base, model, draw, connection => shell?.say(connection));
  shell = new Shell(model, [new OverviewPanel(around, panels), ...panels], isPaused => {
    if (isPaused) {
      stream.close();
      shell?.say('paused');
    } else stream.open();
  });
  document.body.replaceChildren(shell.root, asking.root);
  // What nobody saw is drawn when somebody looks again.
  document.addEventListener('visibilitychange', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  stream.open();
}

/** A browser asks for no frame of a page that nobody sees. */
function onceAFrame(draw: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked || document.hidden) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
}
