// What a query comes to: bytes that pass through, or a value.

import type { SeriesFrame } from '../json/index.js';
import type { Annotations, Value } from '../model/index.js';

/**
 * A query's answer. `annotations` grow until the answer has been read to its end.
 *
 * Whoever receives it reads `series` to the end or returns it, and calls `release` in either case.
 */
export type QueryAnswer = { readonly annotations: Annotations; release(): void } & (
  | {
      /** Passed through: the members of `result` as JSON, in chunks, with commas between series. */
      readonly kind: 'bytes';
      readonly resultType: 'vector' | 'matrix';
      readonly series: AsyncGenerator<Uint8Array>;
      /** All that `series` has, when it is small and there already. Whoever takes it need not read `series`. */
      readonly buffered?: readonly SeriesFrame[];
    }
  | { readonly kind: 'value'; readonly value: Value }
);
