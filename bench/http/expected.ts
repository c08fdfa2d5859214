// Expected results of queries, computed from the regions' results in the simplest way.

import type { Answer } from './answer.js';

type Samples = Map<number, number[]>;
type Labels = readonly (readonly [name: string, value: string])[];

/** Computes `quantile(q, …)`. Source: Prometheus, promql/quantile.go (`quantile`). */
export function quantileOf(q: number, series: Answer): Answer {
  return reduced(
    series,
    () => [],
    (values) => {
      const sorted = values.sort((a, b) => a - b);
      const rank = q * (sorted.length - 1);
      const lower = Math.floor(rank);
      const weight = rank - lower;
      return sorted[lower]! * (1 - weight) + sorted[Math.min(lower + 1, sorted.length - 1)]! * weight;
    },
  );
}

/** Computes `stddev by (label) (…)`. */
export function deviationOf(label: string, series: Answer): Answer {
  return reduced(
    series,
    (labels) => labels.filter(([name]) => name === label),
    (values) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    },
  );
}

/** Divides each series with code 500 by the sum of the series that differ from it at most in code and region. */
export function ratioOfCodes(regionLabel: string, series: Answer): Answer {
  const shared = (labels: Labels): Labels =>
    labels.filter(([name]) => name !== 'code' && name !== regionLabel && name !== '__name__');
  const totals = grouped(series, shared);
  const ratios = new Map<string, readonly (readonly [number, string])[]>();
  for (const [key, samples] of series) {
    const labels = JSON.parse(key) as Labels;
    if (!labels.some(([name, value]) => name === 'code' && value === '500')) continue;
    const total = totals.get(JSON.stringify(shared(labels)))!;
    const values = samples.map(([time, value]) => {
      const sum = total.get(time)!.reduce((a, b) => a + b, 0);
      return [time, String(Number(value) / sum)] as const;
    });
    ratios.set(JSON.stringify(labels.filter(([name]) => name !== '__name__')), values);
  }
  return ratios;
}

function reduced(
  series: Answer,
  keep: (labels: Labels) => Labels,
  reduce: (values: number[]) => number,
): Answer {
  return new Map(
    [...grouped(series, keep)].map(([key, samples]) => [
      key,
      [...samples].sort(([a], [b]) => a - b).map(([time, values]) => [time, String(reduce(values))] as const),
    ]),
  );
}

function grouped(series: Answer, keep: (labels: Labels) => Labels): Map<string, Samples> {
  const groups = new Map<string, Samples>();
  for (const [key, samples] of series) {
    const group = JSON.stringify(keep(JSON.parse(key) as Labels));
    const values = groups.get(group) ?? (new Map() as Samples);
    groups.set(group, values);
    for (const [time, value] of samples) {
      const at = values.get(time);
      if (at === undefined) values.set(time, [Number(value)]);
      else at.push(Number(value));
    }
  }
  return groups;
}
