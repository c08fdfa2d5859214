// What a request to a demo region asks for.

import {
  compileMatchers,
  parseDuration,
  PromfedError,
  rangeGrid,
  tryParseFloat,
  Labels,
  type Grid,
} from '../model/index.js';
import { parseSelector } from '../promql/language/index.js';

const MAX_POINTS = 11_000;
const MAX_TIME_MS = 8.64e15;
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** The parameters of a URL and of a form, the form's first. Errors are in Prometheus' words. */
export class RequestParameters {
  readonly #values: readonly URLSearchParams[];

  constructor(url: string, body: unknown) {
    const search = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
    this.#values = typeof body === 'string' ? [new URLSearchParams(body), search] : [search];
  }

  text(name: string): string {
    for (const values of this.#values) {
      const value = values.get(name);
      if (value !== null) return value;
    }
    return '';
  }

  all(name: string): string[] {
    return this.#values.flatMap((values) => values.getAll(name));
  }

  timeMs(name: string, fallbackMs?: number): number {
    const text = this.text(name);
    if (text === '' && fallbackMs !== undefined) return fallbackMs;
    const seconds = tryParseFloat(text);
    const timeMs =
      seconds !== undefined ? Math.round(seconds * 1000) : RFC3339.test(text) ? Date.parse(text) : NaN;
    if (Math.abs(timeMs) <= MAX_TIME_MS) return timeMs;
    throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  }

  durationMs(name: string, fallbackMs?: number): number {
    const text = this.text(name);
    if (text === '' && fallbackMs !== undefined) return fallbackMs;
    const seconds = tryParseFloat(text);
    if (seconds !== undefined && Number.isFinite(seconds)) return Math.round(seconds * 1000);
    try {
      return parseDuration(text);
    } catch {
      throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
    }
  }

  /** Source: Prometheus, web/api/v1/api.go (`queryRange`). */
  grid(): Grid {
    const startMs = this.timeMs('start');
    const endMs = this.timeMs('end');
    if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
    const stepMs = this.durationMs('step');
    if (stepMs <= 0) {
      throw invalid(
        'step',
        'zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    if ((endMs - startMs) / stepMs > MAX_POINTS) {
      throw new PromfedError(
        'bad_data',
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    return rangeGrid(startMs, endMs, stepMs);
  }

  /** A number of results; undefined for all. */
  limit(name = 'limit'): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (!/^[0-9]{1,9}$/.test(text)) throw invalid(name, `${JSON.stringify(text)} is not a number of results`);
    return Number(text) === 0 ? undefined : Number(text);
  }

  /** Whether any of the `match[]` selectors matches; undefined when there is none. */
  selectors(): ((labels: Labels) => boolean) | undefined {
    const texts = this.all('match[]');
    if (texts.length === 0) return undefined;
    const tests = texts.map((text) => {
      const matchers = parseSelector(text);
      const refusesEmpty = matchers.some((matcher) => !compileMatchers([matcher])(Labels.EMPTY));
      if (!refusesEmpty) {
        throw new PromfedError('bad_data', 'match[] must contain at least one non-empty matcher');
      }
      return compileMatchers(matchers);
    });
    return (labels) => tests.some((test) => test(labels));
  }
}

function invalid(name: string, reason: string): PromfedError {
  return new PromfedError('bad_data', `invalid parameter "${name}": ${reason}`);
}
