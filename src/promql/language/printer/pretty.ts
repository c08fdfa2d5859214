// Printing of expressions on several lines, as Prometheus' format_query does.

import { PromfedError } from '../../../model/index.js';
import { recursionCheckpoints } from '../stack-safe.js';
import type { Expr } from '../ast.js';
import {
  isInfiniteBase,
  needsParentheses,
  printAggregateHead,
  printOperator,
  printSubquerySuffix,
  printWith,
} from './printer.js';

/** An expression that does not fit into this number of bytes is split into several lines. */
const MAX_LINE_BYTES = 100;

/**
 * Limits of the formatted text. Indentation grows with the square of the depth, so without them a small request could
 * use up all memory.
 */
const MAX_LEVELS = 1000;
const MAX_INDENTATION_CHARS = 32 * 1024 * 1024;

/**
 * Prints an expression on several lines, each of up to 100 bytes where possible.
 *
 * Source: Prometheus, promql/parser/prettier.go, which does not indent short subqueries either.
 *
 * @throws PromfedError `bad_data` for more than 1000 levels or more than 32 Mi characters of indentation.
 */
export function prettyExpr(expr: Expr): string {
  return new PrettyPrinter(expr).print(expr, 0);
}

class PrettyPrinter {
  /** Each expression printed on one line. Cached, because every enclosing level needs it. */
  readonly #lines = new Map<Expr, string>();
  #levels = 0;
  #indentation = 0;

  constructor(root: Expr) {
    for (const expr of recursionCheckpoints(root)) this.#line(expr);
  }

  print(expr: Expr, level: number): string {
    this.#indentation += 2 * level;
    if (++this.#levels > MAX_LEVELS || this.#indentation > MAX_INDENTATION_CHARS) {
      throw new PromfedError('bad_data', 'expression not formatted: it is nested too deeply');
    }
    const text = this.#print(expr, level);
    this.#levels--;
    return text;
  }

  #print(expr: Expr, level: number): string {
    const indent = '  '.repeat(level);
    switch (expr.kind) {
      case 'number':
      case 'string':
      case 'vectorSelector':
      case 'matrixSelector':
        return indent + this.#line(expr);
      case 'subquery': {
        if (this.#fits(expr)) return this.#line(expr);
        const inner = this.#operand(expr.expr, needsParentheses(expr, 'inner'), level);
        return `${inner}${printSubquerySuffix(expr)}`;
      }
      case 'unary': {
        const inner = this.#operand(expr.expr, needsParentheses(expr, 'inner'), level);
        return `${indent}${expr.op}${inner.trim()}`;
      }
      case 'aggregate': {
        if (this.#fits(expr)) return indent + this.#line(expr);
        const param = expr.param === undefined ? '' : `${this.print(expr.param, level + 1)},\n`;
        const inner = this.print(expr.expr, level + 1);
        return `${indent}${printAggregateHead(expr)}(\n${param}${inner}\n${indent})`;
      }
      case 'call': {
        if (this.#fits(expr)) return indent + this.#line(expr);
        const args = expr.args.map((arg) => this.print(arg, level + 1)).join(',\n');
        return `${indent}${expr.func}(\n${args}\n${indent})`;
      }
      case 'binary': {
        if (this.#fits(expr)) return indent + this.#line(expr);
        const lhs = isInfiniteBase(expr)
          ? `${indent}  Inf`
          : this.#operand(expr.lhs, needsParentheses(expr, 'lhs'), level + 1);
        const rhs = this.#operand(expr.rhs, needsParentheses(expr, 'rhs'), level + 1);
        return `${lhs}\n${indent}${printOperator(expr)}\n${rhs}`;
      }
      case 'paren':
        if (this.#fits(expr)) return indent + this.#line(expr);
        return `${indent}(\n${this.print(expr.expr, level + 1)}\n${indent})`;
    }
  }

  #operand(expr: Expr, parenthesize: boolean, level: number): string {
    if (!parenthesize) return this.print(expr, level);
    return this.print({ kind: 'paren', expr, position: expr.position }, level);
  }

  #fits(expr: Expr): boolean {
    const line = this.#line(expr);
    return line.length <= MAX_LINE_BYTES && Buffer.byteLength(line, 'utf8') <= MAX_LINE_BYTES;
  }

  #line(expr: Expr): string {
    const cached = this.#lines.get(expr);
    if (cached !== undefined) return cached;
    const line = printWith(expr, (child) => this.#line(child));
    this.#lines.set(expr, line);
    return line;
  }
}
