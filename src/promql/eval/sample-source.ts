// Sample source: the port through which an evaluation reads raw samples.

import type { Matcher, RawSeries, StopSignal, TimeWindow } from '../../model/index.js';
import type { Selection } from '../plan/index.js';

/**
 * What raw samples are read for: `windows` of a range function; the `lookback` of an instant selector, for which missing
 * stale markers matter; or their start timestamps (`starts`), which not every source has.
 */
export type SampleUse = 'windows' | 'lookback' | 'starts';

export interface SampleRequest {
  /** As the plan has it. */
  readonly selection: Selection;
  /** Further matchers that every series must satisfy, known only when the query runs. */
  readonly extraMatchers: readonly Matcher[];
  readonly window: TimeWindow;
  readonly use: SampleUse;
}

export interface SampleSource {
  /**
   * Returns the series that satisfy every matcher, each with its samples in the window and its stale markers. Series
   * without a sample in the window may be omitted. In any order, without equal labels. The caller owns the result.
   *
   * @throws PromfedError the failure of the source; `canceled` when `signal` aborts.
   */
  select(request: SampleRequest, signal: StopSignal): Promise<readonly RawSeries[]>;
}
