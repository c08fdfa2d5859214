// Which samples of two copies of a series are kept: the rules, on times and values alone.

/** Samples in the order of time, no time twice. Times in milliseconds. */
export interface Samples {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

export interface AntiAffinity {
  /** The buffer B: samples this close to each other are taken for the same scrape. */
  readonly bufferMs: number;
  /** Of two samples taken for the same one the larger value is kept. Default false. */
  readonly preferMax?: boolean;
}

/**
 * The samples that are kept, in the order of time: `i` is the i-th of the first copy, `~i` the i-th of the second.
 * Where the value comes from is told apart from where the time does.
 */
export interface Picks {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/**
 * promxy's anti-affinity merge of two replicas.
 *
 * The side with more samples is the base (ties to the first); the other one fills what lies before it, gaps of more
 * than twice the buffer, and what comes after it. Inside a gap its samples are taken as they are, however dense.
 * With `preferMax`, the first sample of the other side less than a buffer away replaces a value that is smaller.
 *
 * Source: promxy, pkg/promhttputil/merge.go (`MergeSampleStream`), but for `preferMax` at the very first sample,
 * which promxy leaves out.
 */
export function pickReplica(a: Samples, b: Samples, { bufferMs, preferMax }: AntiAffinity): Picks {
  if (b.timestamps.length > a.timestamps.length) {
    const swapped = pickReplica(b, a, { bufferMs, preferMax: preferMax ?? false });
    return { times: swapped.times.map((i) => ~i), values: swapped.values.map((i) => ~i) };
  }
  const base = a.timestamps;
  const other = b.timestamps;
  const times: number[] = [];
  const values: number[] = [];
  let next = 0;
  const takeOther = (): void => {
    times.push(~next);
    values.push(~next);
  };
  const firstMs = base.length > 0 ? base[0]! : -Infinity;
  for (; next < other.length && other[next]! < firstMs - bufferMs; next++) takeOther();
  let lastMs = next > 0 ? other[next - 1]! : NaN;
  let candidate = 0;
  for (let i = 0; i < base.length; i++) {
    const timeMs = base[i]!;
    // False while nothing was taken: NaN compares so.
    if (timeMs - lastMs > 2 * bufferMs) {
      for (; next < other.length && other[next]! < timeMs; next++) {
        if (other[next]! > lastMs + bufferMs && other[next]! < timeMs - bufferMs) takeOther();
      }
    }
    times.push(i);
    lastMs = timeMs;
    if (preferMax !== true) {
      values.push(i);
      continue;
    }
    while (candidate < other.length && !isNear(other[candidate]!, timeMs, bufferMs)) {
      if (other[candidate]! > timeMs) break;
      candidate++;
    }
    const isLarger =
      candidate < other.length &&
      isNear(other[candidate]!, timeMs, bufferMs) &&
      b.values[candidate]! > a.values[i]!;
    values.push(isLarger ? ~candidate : i);
  }
  for (; next < other.length; next++) if (!(other[next]! <= lastMs + bufferMs)) takeOther();
  return { times, values };
}

/** The union of two copies: where both have a sample at a time, the first one's. */
export function pickEarlier(a: Samples, b: Samples): Picks {
  const times: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.timestamps.length || j < b.timestamps.length) {
    const first = a.timestamps[i] ?? Infinity;
    const second = b.timestamps[j] ?? Infinity;
    if (second < first) {
      times.push(~j++);
    } else {
      if (second === first) j++;
      times.push(i++);
    }
  }
  return { times, values: times };
}

/**
 * Two replicas' samples as one series; the arrays are new. See `pickReplica` for the rule. More than two replicas are
 * merged one after the other, in the order of the targets, as promxy does.
 */
export function mergeReplicas(a: Samples, b: Samples, rule: AntiAffinity): Samples {
  const { times, values } = pickReplica(a, b, rule);
  return {
    timestamps: Float64Array.from(times, (i) => (i >= 0 ? a.timestamps[i]! : b.timestamps[~i]!)),
    values: Float64Array.from(values, (i) => (i >= 0 ? a.values[i]! : b.values[~i]!)),
  };
}

function isNear(timeMs: number, otherMs: number, bufferMs: number): boolean {
  return timeMs === otherMs || Math.abs(timeMs - otherMs) < bufferMs;
}
