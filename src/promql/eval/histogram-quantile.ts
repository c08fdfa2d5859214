// histogram_quantile: quantiles of classic histograms, whose buckets are series of their own.

import { METRIC_NAME, type Column } from '../../model/index.js';
import { bucketQuantile, formatShort, tryParseBound, type ForcedBuckets } from '../functions/index.js';
import type { CallNode } from '../plan/index.js';

import { invalidQuantile } from './aggregate.js';
import { distinct, withoutName, type Identity } from './columns.js';
import type { ScalarOperand, Scope, VectorOperand } from './scope.js';

/** The label of a bucket's upper bound. */
const BUCKET_LABEL = 'le';

/** The buckets of one histogram, their bounds ascending. */
interface Histogram {
  readonly identity: Identity;
  readonly buckets: { readonly bound: number; readonly column: Column }[];
}

/**
 * The quantile of each histogram at each step at which it has a bucket. `given` stands in for the arguments when they
 * have been evaluated already.
 *
 * Source: Prometheus, promql/functions.go (`funcHistogramQuantile`), engine.go (`resetHistograms`).
 */
export async function evalHistogramQuantile(
  scope: Scope,
  node: CallNode,
  given?: { readonly quantiles: ScalarOperand; readonly vector: VectorOperand },
): Promise<VectorOperand> {
  const [quantileNode, vectorNode] = [node.args[0]!, node.args[1]!];
  const [q, vector] = await Promise.all([
    given?.quantiles ?? scope.scalarOf(quantileNode),
    given?.vector ?? scope.vectorOf(vectorNode),
  ]);
  for (const value of new Set(q.values)) {
    if (!(value >= 0 && value <= 1)) scope.warn(invalidQuantile(value), quantileNode);
  }
  const forced = new ForcedReport();
  const columns = [];
  for (const { identity, buckets } of histogramsOf(scope, vector, node)) {
    const target = scope.newColumn(identity.labels, identity.dropsName);
    const bounds = new Float64Array(buckets.length);
    const counts = new Float64Array(buckets.length);
    let cost = 0;
    for (let step = 0; step < scope.grid.count; step++) {
      cost += buckets.length;
      if (cost > 5000) {
        cost = 0;
        if (scope.pacer.due) await scope.pacer.pause();
      }
      let filled = 0;
      for (const { bound, column } of buckets) {
        if (column.present[step] === 0) continue;
        bounds[filled] = bound;
        counts[filled] = column.values[step]!;
        filled++;
      }
      if (filled === 0) continue;
      const result = bucketQuantile(q.values[step]!, bounds, counts, filled);
      if (result.forced !== undefined) {
        forced.add(result.forced, scope.grid.startMs + step * scope.grid.stepMs);
      }
      target.values[step] = result.value;
      target.present[step] = 1;
    }
    columns.push(target);
  }
  if (forced.text !== undefined) scope.info(forced.text, vectorNode);
  scope.release(q, vector);
  return distinct(scope, scope.vector(columns));
}

function histogramsOf(scope: Scope, vector: VectorOperand, node: CallNode): Iterable<Histogram> {
  const bucketLabel = new Set([BUCKET_LABEL]);
  const histograms = new Map<string, Histogram>();
  for (const column of vector.columns) {
    const le = column.labels.get(BUCKET_LABEL);
    const bound = tryParseBound(le);
    if (bound === undefined) {
      const metricName = column.labels.get(METRIC_NAME);
      const of = metricName === '' ? '' : ` for metric name ${JSON.stringify(metricName)}`;
      scope.warn(
        `bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)}${of}`,
        node.args[1]!,
      );
      continue;
    }
    const labels = column.labels.drop(bucketLabel);
    const histogram = histograms.get(labels.key);
    if (histogram === undefined) {
      histograms.set(labels.key, { identity: withoutName(scope, labels), buckets: [{ bound, column }] });
    } else {
      histogram.buckets.push({ bound, column });
    }
  }
  for (const { buckets } of histograms.values()) {
    buckets.sort((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0));
  }
  return histograms.values();
}

/** One annotation for all samples whose buckets had to be forced. Source: Prometheus, util/annotations. */
class ForcedReport {
  #minBound = Infinity;
  #maxBound = -Infinity;
  #maxDifference = 0;
  #count = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  add({ minBound, maxBound, maxDifference }: ForcedBuckets, timeMs: number): void {
    this.#minBound = Math.min(this.#minBound, minBound);
    this.#maxBound = Math.max(this.#maxBound, maxBound);
    this.#maxDifference = Math.max(this.#maxDifference, maxDifference);
    this.#firstMs = Math.min(this.#firstMs, timeMs);
    this.#lastMs = Math.max(this.#lastMs, timeMs);
    this.#count++;
  }

  get text(): string | undefined {
    if (this.#count === 0) return undefined;
    const bounds = `from buckets ${formatShort(this.#minBound)} to ${formatShort(this.#maxBound)}`;
    const difference = `with a max diff of ${formatShort(Number(this.#maxDifference.toPrecision(2)))}`;
    const times = `from ${wholeSecond(this.#firstMs)} to ${wholeSecond(this.#lastMs)}`;
    return (
      'input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)' +
      `, ${bounds}, ${difference}, over ${this.#count} samples ${times}`
    );
  }
}

function wholeSecond(timeMs: number): string {
  return new Date(Math.trunc(timeMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
