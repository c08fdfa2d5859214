// Rules that decide which samples of two copies of a series are kept, from times and values alone.

/** Samples in strictly ascending order of time. */
export interface Samples {
  /** Milliseconds since the epoch. */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** promxy's merge of replicas, as configured. */
export interface AntiAffinity {
  /** Samples of two replicas that are closer than this are considered the same scrape. */
  readonly bufferMs: number;
  /** Takes half of the series' interval as the buffer, where the samples show it (`dynamicBufferMs`). Default false. */
  readonly isDynamic?: boolean;
  /** Keeps the larger value of two samples of the same scrape. Default false. */
  readonly preferMax?: boolean;
}

/**
 * Indices of the samples that are kept, in the order of time: `i` refers to the first copy, `~i` to index i of the second.
 * The time and the value of a sample may come from different copies.
 */
export interface Picks {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/**
 * promxy's anti-affinity merge of two replicas.
 *
 * The replica with more samples is the base; the first one if they have the same number. The other replica fills in
 * samples before the base, in gaps of more than twice the buffer, and after the base. Within a gap all of its samples are
 * taken. With `preferMax`, its first sample that is less than the buffer away replaces a smaller value of the base.
 *
 * Source: promxy, pkg/promhttputil/merge.go (`MergeSampleStream`), except that promxy does not apply `preferMax` to the
 * first sample.
 */
export function pickReplica(a: Samples, b: Samples, rule: AntiAffinity): Picks {
  if (b.timestamps.length > a.timestamps.length) {
    const swapped = pickReplica(b, a, rule);
    return { times: swapped.times.map((i) => ~i), values: swapped.values.map((i) => ~i) };
  }
  const { preferMax } = rule;
  const bufferMs = (rule.isDynamic === true ? dynamicBufferMs(a, b) : undefined) ?? rule.bufferMs;
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
    // False while no sample was taken and `lastMs` is NaN.
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

/** Minimum number of distances between samples from which promxy derives a buffer. */
const MIN_DISTANCES = 3;

/**
 * Returns half of the median distance between the samples of the longer copy, and of both copies if the longer one has
 * fewer than three distances. Returns undefined with fewer than three distances in all.
 *
 * Source: promxy, pkg/promhttputil/merge.go (`dynamicAntiAffinityFromTimes`).
 */
function dynamicBufferMs(longer: Samples, shorter: Samples): number | undefined {
  const distances = distancesOf(longer.timestamps);
  const used =
    distances.length < MIN_DISTANCES
      ? Float64Array.from([...distances, ...distancesOf(shorter.timestamps)])
      : distances;
  if (used.length < MIN_DISTANCES) return undefined;
  return Math.floor(used.sort()[used.length >> 1]! / 2);
}

function distancesOf(times: Float64Array): Float64Array {
  const distances = new Float64Array(Math.max(times.length - 1, 0));
  for (let i = 0; i < distances.length; i++) distances[i] = times[i + 1]! - times[i]!;
  return distances;
}

/** Keeps the samples of both copies, and of two samples at the same time the first copy's. */
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

function isNear(timeMs: number, otherMs: number, bufferMs: number): boolean {
  return timeMs === otherMs || Math.abs(timeMs - otherMs) < bufferMs;
}
