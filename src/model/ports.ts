// Ports: what the language side of promfed needs from the outside, implemented elsewhere.

import type { StopSignal } from './stop-signal.js';
import type { Matcher } from './matchers/matcher.js';
import type { RawSeries } from './series.js';

/** A window of time, in milliseconds: open on the left, closed on the right, as PromQL's ranges are. */
export interface TimeWindow {
  readonly afterMs: number;
  readonly untilMs: number;
}

/**
 * What raw samples are for: `windows` of a range function; an instant selector's `lookback`, to which a missing stale
 * marker makes a difference; or their `starts`, the times since which they count, which not every source has.
 */
export type SampleUse = 'windows' | 'lookback' | 'starts';

/** Where the evaluator takes raw samples from. */
export interface SampleSource {
  /**
   * The series that satisfy every matcher, each with its samples in the window, stale markers kept; series
   * without a sample in it may be left out. In any order, no two with equal labels. The caller owns the result.
   *
   * @throws PromfedError what the source could not answer, or `canceled` when `signal` aborts.
   */
  select(
    matchers: readonly Matcher[],
    window: TimeWindow,
    use: SampleUse,
    signal: StopSignal,
  ): Promise<readonly RawSeries[]>;
}
