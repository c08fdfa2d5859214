// All template tables.

import { BLOCK_CASES } from './block-cases.js';
import { BUILTIN_CASES } from './builtin-cases.js';
import { EVALUATION_ERROR_CASES } from './evaluation-error-cases.js';
import { LANGUAGE_CASES } from './language-cases.js';
import { PARSE_ERROR_CASES } from './parse-error-cases.js';
import { PRINT_CASES } from './print-cases.js';
import { PROMETHEUS_CASES } from './prometheus-cases.js';
import { STRING_CASES } from './string-cases.js';
import type { TemplateGroup } from './template-case.js';
import { TIME_CASES } from './time-cases.js';

export const ALL_GROUPS: readonly TemplateGroup[] = [
  ...LANGUAGE_CASES,
  ...BLOCK_CASES,
  ...BUILTIN_CASES,
  ...PRINT_CASES,
  ...PROMETHEUS_CASES,
  ...TIME_CASES,
  ...STRING_CASES,
  ...EVALUATION_ERROR_CASES,
  ...PARSE_ERROR_CASES,
];
