export type { EvalContext, EvalObserver } from './eval-context.js';
export { evaluate } from './evaluate.js';
export { createMemorySource } from './memory-source.js';
export { countValue } from './observe.js';
export type { SampleRequest, SampleSource } from './sample-source.js';
export { tryUnsupported } from './unsupported.js';
