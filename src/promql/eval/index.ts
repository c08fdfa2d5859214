export { evaluate } from './evaluate.js';
export { createMemorySource } from './memory-source.js';
export { countValue } from './observe.js';
export { tryUnsupported } from './unsupported.js';
export type { EvalContext, EvalObserver, Value } from './value.js';
