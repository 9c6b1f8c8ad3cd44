/** Records per second and the latency of acknowledgements over time, from the last chunks of the ledger. */
import { h } from './dom.js';
import { clock, milliseconds, rate } from './format.js';
import uPlot from './uplot.js';

/** @typedef {import('./types.d.ts').Chunk} Chunk */
/** @typedef {{ readonly times: number[], readonly rates: number[], readonly latencies: (number | null)[] }} Course */

const HEIGHT = 150;
/** Points over the width: more would be noise, for acknowledgements come in no even measure. */
const MOST_POINTS = 60;
const SHORTEST_SPAN_S = 0.25;

/** Seconds between the marks of the time axis. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/** Two charts in elements of their own, which outlive the updates of the page around them. */
export function createCharts() {
  const rates = createChart({ key: 'rates', color: '--accent', isFilled: true, format: rate });
  const latencies = createChart({ key: 'latencies', color: '--warn', isFilled: false, format: milliseconds });
  const colors = matchMedia('(prefers-color-scheme: dark)');
  let isStale = false;
  const repaint = () => {
    isStale = true;
  };
  colors.addEventListener('change', repaint);
  return {
    /** @param {readonly Chunk[]} chunks */
    render(chunks) {
      const course = courseOf(chunks);
      if (course.times.length < 2) return null;
      const latest = course.latencies.filter((one) => one !== null);
      return h(
        'section',
        { class: 'charts', 'data-key': 'charts', 'aria-label': 'Course of the last chunks' },
        figure('rates', 'Records per second', `most ${rate(Math.max(...course.rates))}`),
        figure('latencies', 'Ack latency', latest.length === 0 ? '' : `slowest ${milliseconds(Math.max(...latest))}`),
      );
    },
    /** @param {readonly Chunk[]} chunks */
    draw(chunks) {
      const course = courseOf(chunks);
      if (course.times.length < 2) return;
      if (isStale) {
        rates.close();
        latencies.close();
      }
      isStale = false;
      rates.draw([course.times, course.rates]);
      latencies.draw([course.times, course.latencies]);
    },
    close() {
      colors.removeEventListener('change', repaint);
      rates.close();
      latencies.close();
    },
  };
}

/**
 * @param {string} key
 * @param {string} title
 * @param {string} summary what the picture says to those who do not see it
 */
function figure(key, title, summary) {
  return h(
    'figure',
    { 'data-key': key },
    h('figcaption', {}, h('b', {}, title), ' ', h('span', { class: 'quiet-text' }, summary)),
    h('div', {
      id: `chart-${key}`,
      class: 'chart',
      'data-keep': true,
      role: 'img',
      'aria-label': `${title}, ${summary}; the ledger has the figures.`,
    }),
  );
}

/**
 * @param {readonly Chunk[]} chunks
 * @returns {Course}
 */
function courseOf(chunks) {
  const acked = chunks.flatMap(({ acked_at: ackedAt, record_count: records, attempts }) =>
    ackedAt === null
      ? []
      : [{ at: Date.parse(ackedAt) / 1000, records, latency: attempts.at(-1)?.duration_ms ?? null }],
  );
  const first = acked[0];
  const last = acked.at(-1);
  if (first === undefined || last === undefined) return { times: [], rates: [], latencies: [] };
  // Each span is a whole one and ends with an acknowledgement: a part of one would look like a standstill. What came with the first was done before it.
  const points = Math.min(MOST_POINTS, Math.floor((last.at - first.at) / SHORTEST_SPAN_S));
  const step = (last.at - first.at) / points;
  /** @type {{ records: number, latency: number | null }[]} */
  const spans = Array.from({ length: points }, () => ({ records: 0, latency: null }));
  for (const { at, records, latency } of acked.slice(1)) {
    const span = spans[Math.min(points - 1, Math.max(0, Math.ceil((at - first.at) / step) - 1))];
    if (span === undefined) continue;
    span.records += records;
    if (latency !== null) span.latency = Math.max(span.latency ?? 0, latency);
  }
  return {
    times: spans.map((_span, index) => first.at + (index + 1) * step),
    rates: spans.map(({ records }) => records / step),
    latencies: spans.map(({ latency }) => latency),
  };
}

/** @param {{ readonly key: string, readonly color: string, readonly isFilled: boolean, readonly format: (value: number) => string }} options */
function createChart({ key, color, isFilled, format }) {
  /** @type {uPlot | null} */
  let plot = null;
  const close = () => {
    plot?.destroy();
    plot = null;
  };
  return {
    close,
    /** @param {uPlot.AlignedData} points */
    draw(points) {
      const place = document.getElementById(`chart-${key}`);
      if (place === null) return;
      if (plot !== null && !place.contains(plot.root)) close();
      const width = place.clientWidth;
      plot ??= new uPlot({ ...optionsOf({ color, isFilled, format }), width, height: HEIGHT }, points, place);
      if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
      plot.setData(points);
    },
  };
}

/**
 * @param {{ readonly color: string, readonly isFilled: boolean, readonly format: (value: number) => string }} options
 * @returns {Omit<uPlot.Options, 'width' | 'height'>}
 */
function optionsOf({ color, isFilled, format }) {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue('--quiet');
  const line = style.getPropertyValue(color);
  const font = '12px system-ui, sans-serif';
  const axis = {
    stroke: ink,
    font,
    grid: { stroke: style.getPropertyValue('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, size: 28, space: 80, incrs: TIME_STEPS, values: (_plot, values) => values.map(clock) },
      { ...axis, size: 64, values: (_plot, values) => values.map(format) },
    ],
    series: [
      {},
      {
        stroke: line,
        width: 1.5,
        points: { show: false },
        spanGaps: true,
        ...(isFilled ? { fill: `${line.trim()}22` } : {}),
      },
    ],
  };
}
