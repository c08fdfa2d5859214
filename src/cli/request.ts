// The request of `promfed query` and `promfed explain`, with absolute times.

import type { QueryTimes, TimeFlag } from '../config/index.js';
import { instantGrid, MAX_POINTS, PromfedError, rangeGrid, type Grid } from '../model/index.js';

const DEFAULT_RANGE_MS = 3_600_000;
const DEFAULT_POINTS = 250;

export interface CommandRequest {
  readonly kind: 'instant' | 'range';
  /** The query. */
  readonly text: string;
  readonly grid: Grid;
  /** The requested end. The last step of the grid may lie before it. */
  readonly endMs: number;
  readonly timeoutMs: number;
}

/**
 * Converts times to timestamps. The default range is one hour, and the default step yields about 250 points.
 *
 * @throws PromfedError `bad_data` with Prometheus' text.
 */
export function resolveTimes(
  times: QueryTimes,
  nowMs: number,
): Pick<CommandRequest, 'kind' | 'grid' | 'endMs'> {
  const timestampOf = ({ from, ms }: TimeFlag): number => (from === 'now' ? nowMs + ms : ms);
  if (times.kind === 'instant') {
    const timeMs = timestampOf(times.time);
    return { kind: 'instant', grid: instantGrid(timeMs), endMs: timeMs };
  }
  const endMs = timestampOf(times.end);
  const startMs = times.start === undefined ? endMs - DEFAULT_RANGE_MS : timestampOf(times.start);
  if (endMs < startMs) throw new PromfedError('bad_data', 'end timestamp must not be before start time');
  const stepMs = times.stepMs ?? Math.max(1, Math.ceil((endMs - startMs) / DEFAULT_POINTS / 1000)) * 1000;
  if (Math.floor((endMs - startMs) / stepMs) > MAX_POINTS) {
    throw new PromfedError(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (--step=XX)',
    );
  }
  return { kind: 'range', grid: rangeGrid(startMs, endMs, stepMs), endMs };
}
