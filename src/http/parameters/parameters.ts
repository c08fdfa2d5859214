// The parameters of a request, from its URL and its form, parsed as Prometheus parses them.

import {
  MAX_DURATION_S,
  MAX_POINTS,
  parseDuration,
  PromfedError,
  rangeGrid,
  tryParseFloat,
  tryParseTime,
  type Grid,
} from '../../model/index.js';

/**
 * The parameters of one request. Those of the form come before those of the URL, as in Go's `Request.Form`.
 *
 * Methods that parse a value throw a PromfedError `bad_data` with Prometheus' text.
 */
export class Parameters {
  readonly #sources: readonly URLSearchParams[];

  /**
   * @param url path and query of the request.
   * @param form the body of a form POST; undefined for other requests.
   */
  constructor(url: string, form: string | undefined) {
    const queryStart = url.indexOf('?');
    const inUrl = new URLSearchParams(queryStart < 0 ? '' : url.slice(queryStart + 1));
    this.#sources = form === undefined ? [inUrl] : [new URLSearchParams(form), inUrl];
  }

  /** The first value, or the empty string. */
  get(name: string): string {
    for (const source of this.#sources) {
      const value = source.get(name);
      if (value !== null) return value;
    }
    return '';
  }

  /** All values, in order. */
  all(name: string): string[] {
    return this.#sources.flatMap((source) => source.getAll(name));
  }

  /** Milliseconds; undefined when the parameter is missing. */
  timeMs(name: string): number | undefined {
    const text = this.get(name);
    if (text === '') return undefined;
    const timeMs = tryParseTime(text);
    if (timeMs === undefined) {
      throw invalid(
        name,
        `invalid time value for '${name}': cannot parse ${JSON.stringify(text)} to a valid timestamp`,
      );
    }
    return timeMs;
  }

  /** Milliseconds. A missing parameter is invalid. */
  requiredTimeMs(name: string): number {
    const text = this.get(name);
    const timeMs = tryParseTime(text);
    if (timeMs === undefined) {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
    }
    return timeMs;
  }

  /** Milliseconds, not rounded; undefined when the parameter is missing. */
  durationMs(name: string): number | undefined {
    const text = this.get(name);
    return text === '' ? undefined : this.requiredDurationMs(name);
  }

  /** Milliseconds, not rounded. A missing parameter is invalid. */
  requiredDurationMs(name: string): number {
    const text = this.get(name);
    const seconds = tryParseFloat(text);
    if (seconds !== undefined) {
      // Go converts NaN to the smallest duration, which is invalid like any negative one.
      if (Number.isNaN(seconds)) return -MAX_DURATION_S * 1000;
      if (Math.abs(seconds) <= MAX_DURATION_S) return seconds * 1000;
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    }
    try {
      return parseDuration(text);
    } catch {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
    }
  }

  /** A limit on results; undefined when the parameter is missing or 0. */
  limit(name = 'limit'): number | undefined {
    const text = this.get(name);
    if (text === '') return undefined;
    // The error texts of Go's strconv.
    if (!/^[+-]?[0-9]+$/.test(text)) {
      throw invalid(name, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
    }
    const limit = Number(text);
    if (!Number.isSafeInteger(limit)) {
      throw invalid(name, `strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
    }
    if (limit < 0) throw invalid(name, 'limit must be non-negative');
    return limit === 0 ? undefined : limit;
  }

  /** `learned` by default: learned label values exclude groups from the request. */
  routing(): 'learned' | 'all' {
    const text = this.get('routing');
    if (text === '' || text === 'learned') return 'learned';
    if (text === 'all') return 'all';
    throw invalid('routing', `must be "learned" or "all", not ${JSON.stringify(text)}`);
  }

  /**
   * The grid of `start`, `end` and `step`, with Prometheus' checks in its order.
   *
   * Source: Prometheus, web/api/v1/api.go (`queryRange`).
   */
  grid(): Grid {
    const startMs = this.requiredTimeMs('start');
    const endMs = this.requiredTimeMs('end');
    if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
    const stepMs = Math.trunc(this.requiredDurationMs('step'));
    if (stepMs <= 0) {
      throw invalid(
        'step',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    if (Math.floor((endMs - startMs) / stepMs) > MAX_POINTS) {
      throw new PromfedError(
        'bad_data',
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    return rangeGrid(startMs, endMs, stepMs);
  }
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
