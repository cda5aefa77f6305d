import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allHeads } from '../../../src/observe/collect.js';
import { grafanaDashboard } from '../../../src/observe/grafana.js';
import { prometheusName } from '../../../src/observe/metrics-text.js';

const file = new URL('../../../docs/grafana/keelson.json', import.meta.url);

/** All series that may ever be written, by the name that Prometheus keeps them under. */
const series = new Set(
  allHeads().flatMap(head => {
    const name = prometheusName(head);
    if (head.type === 'counter') return [`${name}_total`];
    return head.type === 'gauge' ? [name] : [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  }),
);

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly gridPos: Readonly<Record<string, number>>;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

describe('the dashboard of Grafana', () => {
  const dashboard = grafanaDashboard() as unknown as Dashboard;

  it('asks for metrics that there are', () => {
    const asked = [...JSON.stringify(dashboard).matchAll(/(?:keelson|http_server)_\w+/g)].map(
      found => found[0],
    );
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter(name => !series.has(name))).toEqual([]);
  });

  it('asks in expressions whose brackets close, each panel in its own place', () => {
    for (const { targets } of dashboard.panels) {
      for (const { expr } of targets) {
        for (const [open, close] of ['()', '{}', '[]'].map(pair => pair.split(''))) {
          expect(expr.split(open!).length).toBe(expr.split(close!).length);
        }
      }
    }
    const places = dashboard.panels.map(({ gridPos }) => JSON.stringify(gridPos));
    expect(new Set(places).size).toBe(places.length);
  });

  it('is the file of the docs; GRAFANA=rewrite writes it anew', () => {
    if (process.env['GRAFANA'] === 'rewrite') writeFileSync(file, `${JSON.stringify(dashboard, null, 2)}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(dashboard);
  });
});

describe('the alerts of the page', () => {
  it('ask for metrics that there are', () => {
    const page = readFileSync(new URL('../../../docs/observe.md', import.meta.url), 'utf8');
    const rules = /```yaml\n([\s\S]+?)```/.exec(page)?.[1] ?? '';
    const asked = [...rules.matchAll(/(?:keelson|http_server)_\w+/g)].map(found => found[0]);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter(name => !series.has(name))).toEqual([]);
  });
});

describe('the names of metrics', () => {
  it('are those that Prometheus takes, and none is there twice', () => {
    for (const name of series) expect(name).toMatch(/^(?:keelson|http_server)_[a-z0-9_]+$/);
    expect(series.size).toBe(allHeads().length + 4);
  });
});
