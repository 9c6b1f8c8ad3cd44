/** One series of an exposition, with its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a text in the format of Prometheus. Throws on a line that is none. */
export function parseMetrics(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^([a-z_:]\w*)(?:\{(.*)\})? (\S+)$/i.exec(line);
      if (match === null) throw new Error(`no sample: ${line}`);
      const [, name = '', labels = '', value = ''] = match;
      return { name, labels: parseLabels(labels), value: Number(value) };
    });
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, name = '', value = '']) => [name, value]),
  );
}

/** The value of the one series with this name and just these labels; undefined: there is none. */
export function sampleValue(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = seriesOf({ name, labels });
  return samples.find((sample) => seriesOf(sample) === wanted)?.value;
}

/** A series as a text, the same for the same name and labels. */
export function seriesOf({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}${JSON.stringify(sorted)}`;
}
