// Expressions printed as they were written.

import { printWith } from '../../../src/promql/language/printer/printer.js';
import { stackSafe, type Expr } from '../../../src/promql/language/index.js';

/**
 * Prints an expression on one line. Parsing the text returns an equal expression, except for positions, the order of
 * matchers (sorted, as in Prometheus) and parentheses. Parentheses are added where a constructed tree needs them:
 * the product of `1 + 2` and `3` is printed as `(1 + 2) * 3`.
 */
export const printExpr: (expr: Expr) => string = stackSafe(printWith);
