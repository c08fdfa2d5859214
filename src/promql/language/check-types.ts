// The type check: every operator and function gets what it works on, and selectors select something.
//
// Source: Prometheus, promql/parser/parse.go (`checkAST`), with its texts, in its order: the first error is the one
// that is reported.

import { METRIC_NAME, VALUE_TYPE_NAMES, compileMatcher, type ValueType } from '../../model/index.js';
import { SIGNATURES, argumentType } from '../functions/index.js';
import { stackSafe } from './stack-safe.js';
import type {
  AggregateExpr,
  BinaryExpr,
  CallExpr,
  Expr,
  Position,
  VectorMatching,
  VectorSelector,
} from './ast.js';
import { isUtf8 } from './lexer/literals.js';
import { AGGREGATE_PARAMETERS, isComparison, isSetOperator } from './operators.js';
import { ParseError } from './parse-error.js';
import { quote } from './printer/quote.js';
import { notUtf8 } from './parser/token-stream.js';
import { typeOf } from './type-of.js';

interface Checked {
  readonly expr: Expr;
  readonly type: ValueType;
}

type Check = (expr: Expr) => Checked;

/**
 * Checks an expression and settles what depends on types: binary operations keep their matching only between
 * vectors, and set operators match many to many. `query` is the text it was parsed from.
 *
 * @throws ParseError the first thing that is wrong.
 */
export function checkTypes(expr: Expr, query: string): Expr {
  return new TypeCheck(query).checkAll(expr).expr;
}

class TypeCheck {
  readonly #query: string;
  /** The query's bytes, for the places of operators and texts of strings; made when first needed. */
  #bytes: Buffer | undefined;

  constructor(query: string) {
    this.#query = query;
  }

  /** Of an expression of many levels, what is wrong at the lowest is reported first. */
  checkAll(root: Expr): Checked {
    return stackSafe<Checked>((expr, again) => this.#check(expr, again))(root);
  }

  #check(expr: Expr, check: Check): Checked {
    switch (expr.kind) {
      case 'number':
        return { expr, type: 'scalar' };
      case 'string':
        if (!isUtf8(expr.value)) throw this.#error(expr.position, notUtf8(this.#textAt(expr.position)));
        return { expr, type: 'string' };
      case 'vectorSelector':
        this.#checkSelector(expr);
        return { expr, type: 'vector' };
      case 'matrixSelector':
        this.#checkSelector(expr.selector);
        return { expr, type: 'matrix' };
      case 'subquery': {
        const inner = check(expr.expr);
        if (inner.type !== 'vector') {
          throw this.#error(
            expr.position,
            `subquery is only allowed on instant vector, got ${inner.type} instead`,
          );
        }
        return { expr: { ...expr, expr: inner.expr }, type: 'matrix' };
      }
      case 'paren': {
        const inner = check(expr.expr);
        return { expr: { ...expr, expr: inner.expr }, type: inner.type };
      }
      case 'unary': {
        const inner = check(expr.expr);
        if (inner.type !== 'scalar' && inner.type !== 'vector') {
          throw this.#error(
            expr.position,
            'unary expression only allowed on expressions of type scalar or instant vector, ' +
              `got ${quote(VALUE_TYPE_NAMES[inner.type])}`,
          );
        }
        return { expr: { ...expr, expr: inner.expr }, type: inner.type };
      }
      case 'aggregate':
        return { expr: this.#checkAggregate(expr, check), type: 'vector' };
      case 'call':
        return this.#checkCall(expr, check);
      case 'binary':
        return this.#checkBinary(expr, check);
    }
  }

  #checkAggregate(expr: AggregateExpr, check: Check): Expr {
    const inner = this.#expectType(check(expr.expr), 'vector', 'aggregation expression');
    const wanted = AGGREGATE_PARAMETERS[expr.op];
    if (wanted === undefined || expr.param === undefined) return { ...expr, expr: inner };
    // The name of a label may be anything until it is to be written.
    const isName = expr.op === 'count_values' && expr.param.kind === 'string';
    const param = isName ? expr.param : this.#expectType(check(expr.param), wanted, 'aggregation parameter');
    return { ...expr, expr: inner, param };
  }

  #expectType({ expr, type }: Checked, wanted: ValueType, where: string): Expr {
    if (type !== wanted) {
      throw this.#error(
        expr.position,
        `expected type ${VALUE_TYPE_NAMES[wanted]} in ${where}, got ${VALUE_TYPE_NAMES[type]}`,
      );
    }
    return expr;
  }

  #checkCall(expr: CallExpr, check: Check): Checked {
    const signature = SIGNATURES.get(expr.func);
    if (signature === undefined) {
      throw this.#error(expr.position, `unknown function with name ${quote(expr.func)}`);
    }
    const { minArgs, maxArgs } = signature;
    const count = expr.args.length;
    if (count < minArgs || count > maxArgs) {
      const wanted =
        minArgs === maxArgs ? minArgs : count < minArgs ? `at least ${minArgs}` : `at most ${maxArgs}`;
      throw this.#error(
        expr.position,
        `expected ${wanted} argument(s) in call to ${quote(expr.func)}, got ${count}`,
      );
    }
    if (expr.func === 'info') this.#checkInfo(expr);
    const args = expr.args.map((arg, i) => {
      // The second argument of info only names labels; it may well match everything.
      if (expr.func === 'info' && i === 1) return arg;
      const wanted = argumentType(signature, i)!;
      return this.#expectType(check(arg), wanted, `call to function ${quote(expr.func)}`);
    });
    return { expr: { ...expr, args }, type: signature.returns };
  }

  #checkInfo(expr: CallExpr): void {
    const labels = expr.args[1];
    if (labels === undefined) return;
    const type = typeOf(labels);
    if (type !== 'vector') {
      throw this.#error(
        expr.position,
        `expected type ${VALUE_TYPE_NAMES.vector} in call to function "info", got ${VALUE_TYPE_NAMES[type]}`,
      );
    }
    if (labels.kind !== 'vectorSelector') {
      throw this.#error(labels.position, 'expected label selectors only');
    }
    if (labels.name !== '') {
      throw this.#error(labels.position, 'expected label selectors only, got vector selector instead');
    }
  }

  #checkBinary(expr: BinaryExpr, check: Check): Checked {
    const lhs = check(expr.lhs);
    const rhs = check(expr.rhs);
    const { op, matching } = expr;
    const scalars = lhs.type === 'scalar' && rhs.type === 'scalar';
    if (expr.returnBool && !isComparison(op)) {
      throw this.#operatorError(expr, 'bool modifier can only be used on comparison operators');
    }
    if (isComparison(op) && !expr.returnBool && scalars) {
      throw this.#operatorError(expr, 'comparisons between scalars must use BOOL modifier');
    }
    if (matching?.on === true) {
      const included = new Set(matching.include);
      const twice = matching.labels.find((label) => included.has(label));
      if (twice !== undefined) {
        throw this.#operatorError(
          expr,
          `label ${quote(twice)} must not occur in ON and GROUP clause at once`,
        );
      }
    }
    for (const side of [lhs, rhs]) {
      if (side.type !== 'scalar' && side.type !== 'vector') {
        throw this.#error(
          side.expr.position,
          'binary expression must contain only scalar and instant vector types',
        );
      }
    }
    const { returnBool, position } = expr;
    const vectors = lhs.type === 'vector' && rhs.type === 'vector';
    if (!vectors) this.#checkNoMatching(expr);
    const settled = vectors ? this.#checkMatching(expr) : undefined;
    return {
      expr: {
        kind: 'binary',
        op,
        lhs: lhs.expr,
        rhs: rhs.expr,
        returnBool,
        matching: settled,
        position,
      },
      type: scalars ? 'scalar' : 'vector',
    };
  }

  /** Of an operation between two vectors. */
  #checkMatching(expr: BinaryExpr): VectorMatching | undefined {
    const { op, matching } = expr;
    if (matching === undefined || !isSetOperator(op)) return matching;
    if (matching.card === 'many-to-one' || matching.card === 'one-to-many') {
      throw this.#error(expr.position, `no grouping allowed for ${quote(op)} operation`);
    }
    if (hasFill(expr)) {
      throw this.#error(expr.position, 'filling in missing series not allowed for set operators');
    }
    return { ...matching, card: 'many-to-many' };
  }

  /** Of an operation with a scalar. */
  #checkNoMatching(expr: BinaryExpr): void {
    if (expr.matching !== undefined && expr.matching.labels.length > 0) {
      throw this.#error(expr.position, 'vector matching only allowed between instant vectors');
    }
    if (hasFill(expr)) {
      throw this.#error(expr.position, 'filling in missing series only allowed between instant vectors');
    }
    if (isSetOperator(expr.op)) {
      throw this.#error(
        expr.position,
        `set operator ${quote(expr.op)} not allowed in binary scalar expression`,
      );
    }
  }

  #checkSelector(selector: VectorSelector): void {
    const { name, matchers } = selector;
    if (name !== '') {
      // The name itself is the last of the matchers.
      const twice = matchers.slice(0, -1).find((matcher) => matcher.name === METRIC_NAME);
      if (twice === undefined) return;
      throw this.#error(
        selector.position,
        `metric name must not be set twice: ${quote(name)} or ${quote(twice.value)}`,
      );
    }
    if (!matchers.some((matcher) => !compileMatcher(matcher)(''))) {
      throw this.#error(selector.position, 'vector selector must contain at least one non-empty matcher');
    }
  }

  #textAt({ start, end }: Position): string {
    this.#bytes ??= Buffer.from(this.#query, 'utf8');
    return this.#bytes.toString('utf8', start, end);
  }

  #error(position: Position, reason: string): ParseError {
    return new ParseError(this.#query, position, reason);
  }

  /** An error about the operator itself: what stands between its two sides. */
  #operatorError(expr: BinaryExpr, reason: string): ParseError {
    this.#bytes ??= Buffer.from(this.#query, 'utf8');
    let start = expr.lhs.position.end;
    let end = expr.rhs.position.start;
    while (isSpace(this.#bytes[start])) start++;
    while (isSpace(this.#bytes[end - 1])) end--;
    return this.#error({ start, end }, reason);
  }
}

function hasFill(expr: BinaryExpr): boolean {
  const fill = expr.matching?.fill;
  return fill?.lhs !== undefined || fill?.rhs !== undefined;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
