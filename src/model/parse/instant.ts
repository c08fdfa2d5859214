// Times with the range and precision of Go, and their milliseconds in Prometheus.

const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Seconds from the year 1 to 1970: times are ordered by the seconds since the year 1. */
const UNIX_EPOCH_S = 62_135_596_800n;

/** Largest distance from the epoch that a JavaScript `Date` can represent. */
const MAX_DATE_MS = 8.64e15;

/**
 * An instant of Go's `time.Time`: seconds since the epoch as a signed number of 64 bits, which wraps around, and
 * nanoseconds. Immutable.
 *
 * Source: Go, time (`Time`); for seconds as a float Prometheus, web/api/v1/api.go (`parseTime`).
 */
export class Instant {
  readonly #seconds: bigint;
  /** Less than a second. */
  readonly #ns: bigint;

  /** @param ns any number of nanoseconds. */
  constructor(seconds: bigint, ns: bigint) {
    const rest = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
    this.#seconds = int64(seconds + (ns - rest) / NS_PER_SECOND);
    this.#ns = rest;
  }

  /** Rounds to milliseconds as Prometheus does. Values out of range become those of Prometheus on x86-64. */
  static ofSeconds(seconds: number): Instant {
    const whole = Math.trunc(seconds);
    const fraction = Number.isFinite(seconds) ? seconds - whole : NaN;
    return new Instant(truncate(whole), truncate((roundAwayFromZero(fraction * 1000) / 1000) * 1e9));
  }

  /**
   * Whole milliseconds since the epoch at which Prometheus evaluates a query for this time. Within 292 years of 1970, it
   * is this time without its fraction of a millisecond; other times wrap around.
   *
   * Source: Prometheus, promql/engine.go (`timeMilliseconds`).
   */
  get evaluationMs(): number {
    return Number(int64(this.#seconds * NS_PER_SECOND + this.#ns) / NS_PER_MS);
  }

  /** Whole milliseconds since the epoch, rounded down, limited to the range of a JavaScript `Date`. */
  get unixMs(): number {
    const ms = Number(int64(this.#seconds * 1000n + this.#ns / NS_PER_MS));
    return Math.max(-MAX_DATE_MS, Math.min(MAX_DATE_MS, ms));
  }

  isBefore(other: Instant): boolean {
    const order = int64(this.#seconds + UNIX_EPOCH_S) - int64(other.#seconds + UNIX_EPOCH_S);
    return order === 0n ? this.#ns < other.#ns : order < 0n;
  }

  /** Nanoseconds from an earlier instant to this one, limited to 292 years. */
  nsSince(earlier: Instant): bigint {
    const ns = (this.#seconds - earlier.#seconds) * NS_PER_SECOND + this.#ns - earlier.#ns;
    return ns > MAX_INT64 ? MAX_INT64 : ns;
  }
}

function int64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** Converts as x86-64 does: NaN and values out of range become the smallest number. */
function truncate(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : MIN_INT64;
}

function roundAwayFromZero(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}
