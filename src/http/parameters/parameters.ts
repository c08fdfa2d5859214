// The parameters of a request, from its URL and its form, parsed as Prometheus parses them.

import {
  type Instant,
  MAX_DURATION_MS,
  MAX_POINTS,
  parseDuration,
  PromfedError,
  rangeGrid,
  tryParseFloat,
  tryParseInstant,
  type Grid,
} from '../../model/index.js';
import { readForm, readMultipart, type Form, type RequestBody } from './form.js';
import { MAX_PARAMETERS } from './url-encoded.js';

const NS_PER_MS = 1_000_000n;

/** The largest number of 64 bits: the largest limit. */
const MAX_INT64 = 2n ** 63n - 1n;

const INVALID_STEP = 'zero or negative query resolution step widths are not accepted. Try a positive integer';

/** The times of a range query. */
export interface RangeTimes {
  /** Has no steps when one of the times is more than 292 years from 1970, so that the end wraps to before the start. */
  readonly grid: Grid;
  readonly endMs: number;
}

/**
 * The parameters of one request. Values of a URL-encoded body come before those of the URL, and those of a multipart body
 * after them, as in Go's `Request.Form`. The first value of a parameter counts. Parameters with invalid escapes are
 * missing.
 *
 * Methods that parse a value throw a PromfedError `bad_data` with Prometheus' text.
 */
export class Parameters {
  readonly #body: RequestBody | undefined;
  readonly #form: Form;
  #hasMultipart = false;

  /**
   * @param url path and query of the request.
   * @param body undefined for a method without a form.
   */
  constructor(url: string, body: RequestBody | undefined) {
    this.#body = body;
    this.#form = readForm(url, body);
  }

  /**
   * Checks that the form is well-formed, and from then on ignores a multipart body, as the handlers of Prometheus do that
   * parse the form themselves. Called before any other method.
   *
   * @throws PromfedError `bad_data` with Prometheus' text.
   */
  checkForm(): void {
    this.#hasMultipart = true;
    this.#checkCount();
    const { problem } = this.#form;
    if (problem !== undefined) throw new PromfedError('bad_data', `error parsing form values: ${problem}`);
  }

  /** The first value, or the empty string. */
  get(name: string): string {
    return this.#values(name)?.[0] ?? '';
  }

  /** All values, in order. */
  all(name: string): readonly string[] {
    return this.#values(name) ?? [];
  }

  #values(name: string): readonly string[] | undefined {
    if (!this.#hasMultipart) {
      this.#hasMultipart = true;
      readMultipart(this.#body, this.#form);
    }
    this.#checkCount();
    return this.#form.values.get(name);
  }

  #checkCount(): void {
    if (!this.#form.values.isTooLong) return;
    throw new PromfedError('bad_data', `too many parameters (limit ${MAX_PARAMETERS})`);
  }

  /** Undefined when the parameter is missing. */
  time(name: string): Instant | undefined {
    const text = this.get(name);
    if (text === '') return undefined;
    const time = tryParseInstant(text);
    if (time === undefined) {
      throw invalid(
        name,
        `invalid time value for '${name}': cannot parse ${JSON.stringify(text)} to a valid timestamp`,
      );
    }
    return time;
  }

  /** A missing parameter is invalid. */
  requiredTime(name: string): Instant {
    const text = this.get(name);
    const time = tryParseInstant(text);
    if (time === undefined) {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
    }
    return time;
  }

  /** Whole nanoseconds; undefined when the parameter is missing. */
  durationNs(name: string): bigint | undefined {
    const text = this.get(name);
    return text === '' ? undefined : this.requiredDurationNs(name);
  }

  /**
   * Whole nanoseconds. A missing parameter is invalid.
   *
   * Source: Prometheus, web/api/v1/api.go (`parseDuration`).
   */
  requiredDurationNs(name: string): bigint {
    const text = this.get(name);
    const seconds = tryParseFloat(text);
    if (seconds !== undefined) {
      const ns = seconds * 1e9;
      // Go converts NaN to the smallest duration, which is invalid like any negative one.
      if (Number.isNaN(ns)) return -MAX_INT64;
      if (Math.abs(ns) <= 2 ** 63) return BigInt(Math.trunc(ns));
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    }
    try {
      return BigInt(parseDuration(text)) * NS_PER_MS;
    } catch {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
    }
  }

  /** A limit on results; undefined when the parameter is missing or 0. */
  limit(): number | undefined {
    const text = this.get('limit');
    if (text === '') return undefined;
    const limit = parseInteger(text, 'Atoi', (reason) => invalid('limit', reason));
    if (limit < 0) throw invalid('limit', 'limit must be non-negative');
    return limit === 0 ? undefined : Math.min(limit, Number.MAX_SAFE_INTEGER);
  }

  /** `learned` by default: learned label values exclude groups from the request. */
  routing(): 'learned' | 'all' {
    const text = this.get('routing');
    if (text === '' || text === 'learned') return 'learned';
    if (text === 'all') return 'all';
    throw invalid('routing', `must be "learned" or "all", not ${JSON.stringify(text)}`);
  }

  /**
   * The times of `start`, `end` and `step`, with Prometheus' checks in its order.
   *
   * Source: Prometheus, web/api/v1/api.go (`queryRange`).
   */
  range(): RangeTimes {
    const start = this.requiredTime('start');
    const end = this.requiredTime('end');
    if (end.isBefore(start)) throw invalid('end', 'end timestamp must not be before start time');
    const stepNs = this.requiredDurationNs('step');
    if (stepNs <= 0n) throw invalid('step', INVALID_STEP);
    const isTooFine = end.nsSince(start) / stepNs > BigInt(MAX_POINTS);
    const stepMs = Number(stepNs / NS_PER_MS);
    // Prometheus fails with a division by zero.
    if (stepMs === 0 && !isTooFine) throw invalid('step', INVALID_STEP);
    const [startMs, endMs] = [start.evaluationMs, end.evaluationMs];
    if (isTooFine || Math.floor((endMs - startMs) / stepMs) > MAX_POINTS) {
      throw new PromfedError(
        'bad_data',
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    const grid = endMs < startMs ? { startMs, stepMs, count: 0 } : rangeGrid(startMs, endMs, stepMs);
    return { grid, endMs };
  }
}

/** Whole milliseconds, without the rest; undefined for zero and less. A positive duration is at least 1 ms. */
export function positiveMs(durationNs: bigint | undefined): number | undefined {
  if (durationNs === undefined || durationNs <= 0n) return undefined;
  return Math.min(MAX_DURATION_MS, Math.max(1, Number(durationNs / NS_PER_MS)));
}

/**
 * Parses an integer.
 *
 * @param func function of Go's strconv that the text of the error names: `Atoi` for 64 bits, `ParseInt` for 32 bits.
 */
export function parseInteger(
  text: string,
  func: 'Atoi' | 'ParseInt',
  error: (reason: string) => PromfedError,
): number {
  const match = /^([+-]?)0*([0-9]+)$/.exec(text);
  if (match !== null && match[2]!.length <= 19) {
    const value = BigInt(match[2]!) * (match[1] === '-' ? -1n : 1n);
    if (value === BigInt.asIntN(func === 'Atoi' ? 64 : 32, value)) return Number(value);
  }
  const problem = match === null ? 'invalid syntax' : 'value out of range';
  throw error(`strconv.${func}: parsing ${JSON.stringify(text)}: ${problem}`);
}

/** The error for an invalid parameter, with Prometheus' text. */
export function invalid(name: string, reason: string): PromfedError {
  return new PromfedError('bad_data', `invalid parameter "${name}": ${reason}`);
}

/** Returns the result of `parse`. Its `bad_data` errors become errors of the parameter. */
export function parameter<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof PromfedError && thrown.code === 'bad_data') throw invalid(name, thrown.message);
    throw thrown;
  }
}
