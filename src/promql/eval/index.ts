export { evaluate } from './evaluate.js';
export { createMemorySource } from './memory-source.js';
export { tryNotBuilt } from './not-built.js';
export type { EvalContext, Value } from './value.js';
