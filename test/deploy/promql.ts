import type { Sample } from '../metrics/parse-metrics.ts';

/** What Prometheus adds to what it scrapes. */
const TARGET_LABELS = ['job', 'instance'];
/** What Prometheus makes itself of a scrape. */
const SCRAPE_SERIES: readonly Sample[] = [{ name: 'up', labels: {}, value: 1 }];
/** Words of PromQL that stand where a metric could. */
const KEYWORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool']);

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;
const SELECTOR = /([a-z_:][\w:]*)\s*(?:\{([^}]*)\})?(?!\w*\s*\()/gi;

/** What of an expression no sample bears out: metrics that are not exposed, labels that they do not have, values that these never have. */
export function unknownIn(expression: string, samples: readonly Sample[]): string[] {
  const known = [...samples, ...SCRAPE_SERIES];
  const labelsKnown = new Set([...TARGET_LABELS, ...known.flatMap(({ labels }) => Object.keys(labels))]);
  const grouped = Array.from(expression.matchAll(GROUPING), ([, labels = '']) => labels.split(/\s*,\s*/)).flat();
  const unknownGroups = grouped.filter((label) => !labelsKnown.has(label)).map((label) => `label ${label}`);
  return [...unknownGroups, ...selectorsIn(expression).flatMap((selector) => unknownInSelector(selector, known))];
}

/** A metric with its matchers, as it stands in an expression. */
interface Selector {
  readonly metric: string;
  readonly matchers: string;
}

/** The metrics that an expression names, with their matchers. */
export function selectorsIn(expression: string): Selector[] {
  const bare = expression.replace(GROUPING, ' ').replace(/\[[^\]]*\]/g, ' ');
  return Array.from(bare.matchAll(SELECTOR), ([, metric = '', matchers = '']) => ({ metric, matchers })).filter(
    ({ metric }) => !KEYWORDS.has(metric),
  );
}

function unknownInSelector({ metric, matchers }: Selector, known: readonly Sample[]): string[] {
  const series = known.filter(({ name }) => name === metric);
  if (series.length === 0) return [`metric ${metric}`];
  return Array.from(matchers.matchAll(MATCHER)).flatMap(([, label = '', , pattern = '']) => {
    if (TARGET_LABELS.includes(label)) return [];
    const values = new Set(series.map(({ labels }) => labels[label]));
    return pattern
      .split('|')
      .filter((value) => !values.has(value))
      .map((value) => `${metric}{${label}="${value}"}`);
  });
}
