export { parseProcessFlags } from './process-flags.js';
