export type * from './server-group.js';
