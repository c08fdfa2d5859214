// The port through which an evaluation reads raw samples.

import type { Matcher, RawSeries, StopSignal, TimeWindow } from '../../model/index.js';
import type { Selection } from '../plan/index.js';

/**
 * The purpose of raw samples: `windows` of range functions; `lookback` of instant selectors, whose results depend on
 * stale markers; `starts`, the start timestamps, which not every source has.
 */
export type SampleUse = 'windows' | 'lookback' | 'starts';

/** A request for the raw samples of a selector. */
export interface SampleRequest {
  /** The selection of the plan. */
  readonly selection: Selection;
  /** Further matchers that every series must satisfy. They are known only when the query runs. */
  readonly extraMatchers: readonly Matcher[];
  readonly window: TimeWindow;
  readonly use: SampleUse;
}

/** A source of raw samples. */
export interface SampleSource {
  /**
   * Returns the series that satisfy every matcher, each with its samples in the window and its stale markers. Series
   * without a sample in the window may be omitted. Series are in any order and their labels are unique. The caller owns
   * the result.
   *
   * @throws PromfedError the failure of the source; `canceled` when `signal` aborts.
   */
  select(request: SampleRequest, signal: StopSignal): Promise<readonly RawSeries[]>;
}
