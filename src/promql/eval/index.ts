export { evaluate } from './evaluate.js';
export { createMemorySource } from './memory-source.js';
export { tryNotBuilt } from './not-built.js';
export type { EvalContext, EvalObserver, Value } from './value.js';
export { countValue } from './observe.js';
