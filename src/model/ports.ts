// Ports that the evaluator depends on. Other folders implement them.

import type { StopSignal } from './stop-signal.js';
import type { Matcher } from './matchers/matcher.js';
import type { RawSeries } from './series.js';

/** A time window in milliseconds since the epoch. Like a PromQL range it excludes its start and includes its end. */
export interface TimeWindow {
  /** Start, exclusive. */
  readonly afterMs: number;
  /** End, inclusive. */
  readonly untilMs: number;
}

/**
 * Purpose of raw samples.
 *
 * - `windows`: the windows of a range function.
 * - `lookback`: an instant selector, whose result depends on stale markers.
 * - `starts`: start timestamps, which not every source has.
 */
export type SampleUse = 'windows' | 'lookback' | 'starts';

/** Source of the evaluator's raw samples. */
export interface SampleSource {
  /**
   * Returns the series that satisfy every matcher, each with its samples in the window and with stale markers. Series
   * without a sample in the window may be omitted. Their order is arbitrary; label sets are unique. The caller owns the
   * result.
   *
   * @throws PromfedError when the source fails; `canceled` when `signal` aborts.
   */
  select(
    matchers: readonly Matcher[],
    window: TimeWindow,
    use: SampleUse,
    signal: StopSignal,
  ): Promise<readonly RawSeries[]>;
}
