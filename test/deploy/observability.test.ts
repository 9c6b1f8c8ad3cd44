import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { setScene } from '../harness/scene.ts';
import type { Sample } from '../metrics/parse-metrics.ts';
import { scrape } from '../metrics/scrape.ts';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';
import { selectorsIn, unknownIn } from './promql.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules = parse(readProjectFile('deploy/prometheus-rules.yml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readProjectFile('deploy/grafana-dashboard.json')) as { readonly panels: readonly Panel[] };

/** What a service exposes that has delivered something, looked at for the second time. */
async function samplesOfService(): Promise<readonly Sample[]> {
  const { service, deliver } = await setScene({ recordCount: 10 });
  await deliver();
  await scrape(service.api);
  return scrape(service.api);
}

describe('unknownIn', () => {
  const samples = [{ name: 'a_total', labels: { outcome: 'good' }, value: 1 }];

  it('finds metrics, labels and values that do not exist', () => {
    expect(unknownIn('sum by (instance, outcome) (rate(a_total{outcome="good",job="x"}[5m])) > 0.5', samples)).toEqual(
      [],
    );
    expect(unknownIn('rate(b_total[5m]) and a_total', samples)).toEqual(['metric b_total']);
    expect(unknownIn('sum by (kind) (a_total)', samples)).toEqual(['label kind']);
    expect(unknownIn('a_total{outcome=~"good|bad"}', samples)).toEqual(['a_total{outcome="bad"}']);
    expect(unknownIn('a_total{kind="good"}', samples)).toEqual(['a_total{kind="good"}']);
  });
});

describe('deploy/prometheus-rules.yml', () => {
  it('asks for nothing that /metrics does not have', async () => {
    const samples = await samplesOfService();
    expect(alerts.length).toBeGreaterThan(10);
    for (const { alert, expr } of alerts) {
      expect(selectorsIn(expr), alert).not.toEqual([]);
      expect(unknownIn(expr, samples), alert).toEqual([]);
    }
  });

  it('is what Prometheus takes', ({ skip }) => {
    const rulesFile = join(projectRoot, 'deploy', 'prometheus-rules.yml');
    const { error, status, stderr } = spawnSync('promtool', ['check', 'rules', rulesFile], { encoding: 'utf8' });
    if (error !== undefined) skip('there is no promtool here');
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('has for each alert a severity, and in docs/metrics.md what to do', () => {
    const headings = Array.from(readProjectFile('docs/metrics.md').matchAll(/^### (\w+)$/gm), ([, name]) => name);
    expect(new Set(headings)).toEqual(new Set(alerts.map(({ alert }) => alert)));
    for (const { alert, labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info'], alert).toContain(labels.severity);
      expect(annotations.runbook).toBe(`docs/metrics.md#${alert.toLowerCase()}`);
      expect(annotations.summary, alert).toContain('{{ $labels.instance }}');
    }
  });
});

describe('both', () => {
  it('take rates and increases of counters, of which nothing else is asked', async () => {
    const { service } = await setScene({ recordCount: 0 });
    await scrape(service.api);
    const { body } = await service.api.callForText('GET', '/metrics');
    const types = new Map(Array.from(body.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [name, type]));
    const targets = dashboard.panels.flatMap((panel) => panel.targets);
    const expressions = [...alerts, ...targets].map(({ expr }) => expr);
    for (const expression of expressions) {
      const rated = new Set(Array.from(expression.matchAll(/\b(?:rate|increase)\((\w+)/g), ([, name = '']) => name));
      for (const { metric } of selectorsIn(expression).filter((one) => one.metric !== 'up')) {
        const type = types.get(metric.replace(/_bucket$/, ''));
        expect(['counter', 'histogram'].includes(type ?? ''), `${metric} in ${expression}`).toBe(rated.has(metric));
      }
    }
  });

  it('look over windows that hold several scrapes, whatever their interval', () => {
    const windowsIn = (expr: string) => Array.from(expr.matchAll(/\[(\S+?)\]/g), ([, window]) => window);
    for (const { alert, expr } of alerts) {
      for (const window of windowsIn(expr)) expect(window, alert).toMatch(/^(?:15m|30m|1h)$/);
    }
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        for (const window of windowsIn(expr)) expect(window, title).toMatch(/^(?:\$__rate_interval|1h)$/);
      }
    }
  });
});

/** The windows of the rules, in seconds. */
const SECONDS: Readonly<Record<string, number>> = { '15m': 900, '30m': 1800, '1h': 3600 };

describe('alerts on what was counted at all', () => {
  const counting = alerts.filter(({ expr }) => /increase\(.*\) > 0/s.test(expr));

  it('are there for what happens once', () => {
    expect(counting.map(({ alert }) => alert)).toEqual([
      'AckstreamStateTrouble',
      'AckstreamRunStalled',
      'AckstreamIngestionFailed',
      'AckstreamRecordsRejected',
    ]);
  });

  it.each(counting)('$alert also sees what was counted before the first scrape of a process', ({ expr }) => {
    const [, labels = '', counter = '', window = ''] =
      /^sum by (\(.*?\)) \(increase\((.*)\[(\w+)\]\)\) > 0 /.exec(expr) ?? [];
    // `and` binds closer than `or`, and both less than comparisons: an increase, or a count of a process that is younger than the window.
    expect(expr).toBe(
      `sum by ${labels} (increase(${counter}[${window}])) > 0 or sum by ${labels} (${counter}) > 0 ` +
        `and on (instance) time() - process_start_time_seconds{job="ackstream"} < ${SECONDS[window]}`,
    );
  });
});

describe('deploy/grafana-dashboard.json', () => {
  it('asks for nothing that /metrics does not have', async () => {
    const samples = await samplesOfService();
    const targets = dashboard.panels.flatMap((panel) => panel.targets.map((target) => ({ ...target, ...panel })));
    expect(targets.length).toBeGreaterThan(20);
    for (const { title, expr, legendFormat } of targets) {
      expect(selectorsIn(expr), title).not.toEqual([]);
      expect(unknownIn(expr, samples), title).toEqual([]);
      const shown = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = '']) => label);
      for (const label of shown) expect(expr, title).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
    }
  });

  it('shows every metric of the service but those that alerts alone are made of', async () => {
    const exposed = new Set((await samplesOfService()).map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, '')));
    const shown = new Set(
      dashboard.panels.flatMap(({ targets }) =>
        targets.flatMap(({ expr }) => selectorsIn(expr).map(({ metric }) => metric.replace(/_bucket$/, ''))),
      ),
    );
    const missing = [...exposed].filter((name) => name.startsWith('ackstream_') && !shown.has(name));
    expect(new Set(missing)).toEqual(new Set(['ackstream_queue_capacity', 'ackstream_status_changes_total']));
  });
});

describe('deploy/prometheus.yml', () => {
  it('loads the rules, and asks the service for its metrics under the name that they go by', () => {
    const config = parse(readProjectFile('deploy/prometheus.yml')) as {
      readonly rule_files: readonly string[];
      readonly scrape_configs: readonly { readonly job_name: string; readonly metrics_path: string }[];
    };
    expect(config.rule_files).toEqual(['prometheus-rules.yml']);
    expect(config.scrape_configs).toMatchObject([{ job_name: 'ackstream', metrics_path: '/metrics' }]);
  });
});
