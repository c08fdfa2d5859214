export type * from './node.js';
