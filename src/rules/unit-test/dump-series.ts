// All series of a unit test, as promtool prints them for `--debug`.

import { createQueryRequest, type QueryEngine } from '../../federation/index.js';
import {
  formatFloat,
  instantGrid,
  printHistogram,
  type RawSeries,
  type StopSignal,
} from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import { printGoDuration, printPairs } from './print-result.js';

export interface DumpOptions {
  readonly engine: QueryEngine;
  readonly features: FeatureSet;
  readonly timeoutMs: number;
  readonly signal: StopSignal;
}

/**
 * Returns the input series and the results of rules.
 *
 * @param startMs the start of the test.
 * @param lastMs the time of its last check, since the start.
 * @throws PromfedError when they cannot be read.
 */
export async function dumpSeries(
  startMs: number,
  lastMs: number,
  { engine, features, timeoutMs, signal }: DumpOptions,
): Promise<string> {
  const seconds = Math.floor(lastMs / 1000) + 1;
  const timeMs = startMs + seconds * 1000;
  const request = createQueryRequest(
    {
      text: `{__name__=~".+"}[${seconds}s]`,
      kind: 'instant',
      grid: instantGrid(timeMs),
      endMs: timeMs,
      lookbackDeltaMs: undefined,
      timeoutMs,
      routing: 'all',
      limit: undefined,
      stats: 'counters',
      signal,
    },
    features,
  );
  const answer = await engine.evaluate(request);
  try {
    const series = answer.value.type === 'matrix' ? answer.value.series : [];
    const time = printGoDuration(seconds * 1000);
    return `Dump of all data (input_series and rules) at ${time}:\n${series.map(print).join('\n')}`;
  } finally {
    answer.release();
  }
}

/** Floats come before histograms. Source: Prometheus, promql/value.go (`Series.String`). */
function print({ labels, timestamps, values, histograms }: RawSeries): string {
  const floats: string[] = [];
  const others: string[] = [];
  for (const [i, timeMs] of timestamps.entries()) {
    const histogram = histograms?.[i];
    if (histogram === undefined) floats.push(`${formatFloat(values[i]!)} @[${timeMs}]`);
    else others.push(`${printHistogram(histogram)} @[${timeMs}]`);
  }
  return `${printPairs([...labels])} =>\n${[...floats, ...others].join('\n')}`;
}
