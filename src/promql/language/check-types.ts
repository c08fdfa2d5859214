// Type checking of expressions.
//
// Source: Prometheus, promql/parser/parse.go (`checkAST`): the same error texts, checked in the same order, because
// only the first error is reported.

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
import { invalidUtf8 } from './parser/token-stream.js';
import { typeOf } from './type-of.js';

interface TypedExpr {
  readonly expr: Expr;
  readonly type: ValueType;
}

type Check = (expr: Expr) => TypedExpr;

/**
 * Checks the types of an expression and returns it with the matching of binary operations completed: removed unless
 * both sides are vectors, many-to-many for set operators. `query` is the text that the expression was parsed from.
 *
 * @throws ParseError for the first error.
 */
export function checkTypes(expr: Expr, query: string): Expr {
  return new TypeChecker(query).check(expr).expr;
}

class TypeChecker {
  readonly #query: string;
  /** The query in UTF-8, for positions of operators and the texts of strings. Encoded on first use. */
  #bytes: Buffer | undefined;

  constructor(query: string) {
    this.#query = query;
  }

  /** In a deep expression, errors near the leaves are reported first. */
  check(root: Expr): TypedExpr {
    return stackSafe<TypedExpr>((expr, recurse) => this.#check(expr, recurse))(root);
  }

  #check(expr: Expr, check: Check): TypedExpr {
    switch (expr.kind) {
      case 'number':
        return { expr, type: 'scalar' };
      case 'string':
        if (!isUtf8(expr.value)) throw this.#error(expr.position, invalidUtf8(this.#textAt(expr.position)));
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
    const expected = AGGREGATE_PARAMETERS[expr.op];
    if (expected === undefined || expr.param === undefined) return { ...expr, expr: inner };
    // A label name that is not UTF-8 is an error of the evaluation only.
    const isLabelName = expr.op === 'count_values' && expr.param.kind === 'string';
    const param = isLabelName
      ? expr.param
      : this.#expectType(check(expr.param), expected, 'aggregation parameter');
    return { ...expr, expr: inner, param };
  }

  #expectType({ expr, type }: TypedExpr, expected: ValueType, where: string): Expr {
    if (type !== expected) {
      throw this.#error(
        expr.position,
        `expected type ${VALUE_TYPE_NAMES[expected]} in ${where}, got ${VALUE_TYPE_NAMES[type]}`,
      );
    }
    return expr;
  }

  #checkCall(expr: CallExpr, check: Check): TypedExpr {
    const signature = SIGNATURES.get(expr.func);
    if (signature === undefined) {
      throw this.#error(expr.position, `unknown function with name ${quote(expr.func)}`);
    }
    const { minArgs, maxArgs } = signature;
    const count = expr.args.length;
    if (count < minArgs || count > maxArgs) {
      const expected =
        minArgs === maxArgs ? minArgs : count < minArgs ? `at least ${minArgs}` : `at most ${maxArgs}`;
      throw this.#error(
        expr.position,
        `expected ${expected} argument(s) in call to ${quote(expr.func)}, got ${count}`,
      );
    }
    if (expr.func === 'info') this.#checkInfo(expr);
    const args = expr.args.map((arg, i) => {
      // The second argument of info selects labels, not series. It may have only matchers that accept empty values.
      if (expr.func === 'info' && i === 1) return arg;
      const expected = argumentType(signature, i)!;
      return this.#expectType(check(arg), expected, `call to function ${quote(expr.func)}`);
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

  #checkBinary(expr: BinaryExpr, check: Check): TypedExpr {
    const lhs = check(expr.lhs);
    const rhs = check(expr.rhs);
    const areScalars = lhs.type === 'scalar' && rhs.type === 'scalar';
    const areVectors = lhs.type === 'vector' && rhs.type === 'vector';
    this.#checkModifiers(expr, areScalars);
    for (const side of [lhs, rhs]) {
      if (side.type !== 'scalar' && side.type !== 'vector') {
        throw this.#error(
          side.expr.position,
          'binary expression must contain only scalar and instant vector types',
        );
      }
    }
    if (!areVectors) this.#checkNoMatching(expr);
    const matching = areVectors ? this.#checkMatching(expr) : undefined;
    const { op, returnBool, position } = expr;
    return {
      expr: { kind: 'binary', op, lhs: lhs.expr, rhs: rhs.expr, returnBool, matching, position },
      type: areScalars ? 'scalar' : 'vector',
    };
  }

  /** Checks the `bool` modifier, and that no label is in both `on` and `group_left` or `group_right`. */
  #checkModifiers(expr: BinaryExpr, areScalars: boolean): void {
    const { op, returnBool, matching } = expr;
    if (returnBool && !isComparison(op)) {
      throw this.#operatorError(expr, 'bool modifier can only be used on comparison operators');
    }
    if (isComparison(op) && !returnBool && areScalars) {
      throw this.#operatorError(expr, 'comparisons between scalars must use BOOL modifier');
    }
    if (matching?.on !== true) return;
    const included = new Set(matching.include);
    const duplicate = matching.labels.find((label) => included.has(label));
    if (duplicate !== undefined) {
      throw this.#operatorError(
        expr,
        `label ${quote(duplicate)} must not occur in ON and GROUP clause at once`,
      );
    }
  }

  /** Checks the matching of an operation between two vectors and completes its cardinality. */
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

  /** Checks that an operation with a scalar has no matching and is not a set operation. */
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
      // The last matcher is the one of the name.
      const duplicate = matchers.slice(0, -1).find((matcher) => matcher.name === METRIC_NAME);
      if (duplicate === undefined) return;
      throw this.#error(
        selector.position,
        `metric name must not be set twice: ${quote(name)} or ${quote(duplicate.value)}`,
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

  /** Creates an error at the operator: its position is the text between the two sides, without spaces. */
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
