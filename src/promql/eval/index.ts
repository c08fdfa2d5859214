export { type EvalContext, type EvalObserver, NO_OBSERVER } from './eval-context.js';
export { evaluate } from './evaluate.js';
export { createMemorySource } from './memory-source.js';
export { countValue } from './count-value.js';
export { subqueryTimes } from './range/range.js';
export type { SampleRequest, SampleSource } from './sample-source.js';
