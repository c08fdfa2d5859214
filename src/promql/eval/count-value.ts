// The size of a value.

import type { Value } from '../../model/index.js';

/** Counts series and samples. A native histogram is one sample; a scalar has no series and one sample for each step. */
export function countValue(value: Value): { readonly series: number; readonly samples: number } {
  switch (value.type) {
    case 'string':
      return { series: 0, samples: 0 };
    case 'scalar':
      return { series: 0, samples: value.values.length };
    case 'matrix': {
      let samples = 0;
      for (const { timestamps } of value.series) samples += timestamps.length;
      return { series: value.series.length, samples };
    }
    case 'vector': {
      let [series, samples] = [0, 0];
      for (const { present } of value.columns) {
        let count = 0;
        for (const kind of present) if (kind !== 0) count++;
        samples += count;
        if (count > 0) series++;
      }
      return { series, samples };
    }
  }
}
