// All functions of templates by name.

import { BUILTINS } from './builtins.js';
import type { GoFunction } from './function.js';
import { PROMETHEUS_FUNCTIONS } from './prometheus.js';

export const FUNCTIONS: ReadonlyMap<string, GoFunction> = new Map([...BUILTINS, ...PROMETHEUS_FUNCTIONS]);

export const FUNCTION_NAMES: ReadonlySet<string> = new Set(FUNCTIONS.keys());
