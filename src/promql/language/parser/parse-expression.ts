// Operator precedence parsing of expressions: operands, operators, parentheses, calls and aggregations.
//
// Incomplete expressions are kept on an explicit stack, because the call stack is too small for a query with ten
// thousand levels.

import { SIGNATURES } from '../../functions/index.js';
import type { AggregateExpr, AggregateOp, BinaryOp, Expr, VectorMatching } from '../ast.js';
import {
  AGGREGATE_PARAMETERS,
  PRECEDENCE,
  UNARY_PRECEDENCE,
  isExperimentalAggregation,
  isRightAssociative,
} from '../operators.js';
import { unquote } from '../lexer/literals.js';
import { parseLabelNames, parseMatching } from './parse-matching.js';
import { takeNumber } from './parse-number.js';
import { parsePostfix } from './parse-postfix.js';
import { parseVectorSelector } from './parse-vector-selector.js';
import { quote } from '../printer/quote.js';
import type { TokenStream } from './token-stream.js';
import {
  isAggregation,
  isBinaryOp,
  isFunctionName,
  isMetricName,
  startsExpression,
  type Token,
} from '../lexer/tokens.js';

/**
 * Parses the longest expression at the current token, of any depth. Types are not checked.
 *
 * @throws ParseError for the first syntax error.
 */
export function parseExpression(tokens: TokenStream): Expr {
  return new ExpressionParser(tokens).parse();
}

/** An expression that lacks its last operand. */
type Incomplete =
  | {
      readonly kind: 'binary';
      readonly lhs: Expr;
      readonly op: BinaryOp;
      readonly returnBool: boolean;
      readonly matching: VectorMatching;
    }
  | { readonly kind: 'sign'; readonly sign: Token; readonly op: '+' | '-' }
  | { readonly kind: 'paren'; readonly start: number }
  | { readonly kind: 'arguments'; readonly call: Call; readonly args: Expr[] };

/** The part of a call or an aggregation before its arguments. */
interface Call {
  readonly name: Token;
  /** Undefined for a function. */
  readonly op: AggregateOp | undefined;
  /** The grouping before the arguments, if any. It may also follow them. */
  readonly grouping: Grouping | undefined;
}

interface Grouping {
  readonly labels: readonly string[];
  readonly without: boolean;
}

class ExpressionParser {
  readonly #tokens: TokenStream;
  /** Incomplete expressions, the innermost last, and the minimum precedence outside of each. */
  readonly #stack: { readonly incomplete: Incomplete; readonly outerPrecedence: number }[] = [];
  /** An operator with a lower precedence ends the current operand. */
  #minPrecedence = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  parse(): Expr {
    for (;;) {
      let expr = this.#tryOperand();
      while (expr !== undefined && !this.#tryOperator(expr)) {
        const last = this.#stack.pop();
        if (last === undefined) return expr;
        this.#minPrecedence = last.outerPrecedence;
        expr = this.#tryComplete(last.incomplete, expr);
      }
    }
  }

  #push(incomplete: Incomplete, minPrecedence: number): void {
    if (incomplete.kind !== 'arguments') this.#tokens.countNode();
    this.#stack.push({ incomplete, outerPrecedence: this.#minPrecedence });
    this.#minPrecedence = minPrecedence;
  }

  /** Parses an operand. Returns `undefined` after pushing an incomplete one, whose own operand is next. */
  #tryOperand(): Expr | undefined {
    const tokens = this.#tokens;
    const token = tokens.peek();
    const { kind } = token;
    if (kind === '+' || kind === '-') {
      this.#push({ kind: 'sign', sign: tokens.take(), op: kind }, UNARY_PRECEDENCE + 1);
      return undefined;
    }
    if (kind === '(') {
      this.#push({ kind: 'paren', start: tokens.position(tokens.take()).start }, 0);
      return undefined;
    }
    tokens.countNode();
    if (kind === '{') return parsePostfix(tokens, parseVectorSelector(tokens, undefined));
    const position = tokens.position(token);
    if (kind === 'number' || kind === 'duration') {
      return parsePostfix(tokens, { kind: 'number', ...takeNumber(tokens), position });
    }
    if (kind === 'string') {
      return parsePostfix(tokens, { kind: 'string', value: unquote(tokens.take().text), position });
    }
    return this.#tryNamedOperand();
  }

  /** Parses an aggregation, a call or a metric name. The token after the name decides between them. */
  #tryNamedOperand(): Expr | undefined {
    const tokens = this.#tokens;
    const { kind } = tokens.peek();
    if (!isMetricName(kind)) throw tokens.unexpected();
    const name = tokens.take();
    const next = tokens.peek().kind;
    if (isAggregation(kind) && (next === '(' || next === 'by' || next === 'without')) {
      tokens.enter('aggregation', '');
      return this.#tryCall({ name, op: kind, grouping: tryGrouping(tokens) });
    }
    if (isFunctionName(kind) && next === '(') {
      return this.#tryCall({ name, op: undefined, grouping: undefined });
    }
    return parsePostfix(tokens, parseVectorSelector(tokens, name));
  }

  #tryCall(call: Call): Expr | undefined {
    this.#tokens.expect('(');
    if (this.#tokens.tryTake(')') !== undefined) return completeCall(this.#tokens, call, []);
    this.#push({ kind: 'arguments', call, args: [] }, 0);
    return undefined;
  }

  /** Pushes a binary operation if the next token is an operator of at least the minimum precedence. */
  #tryOperator(lhs: Expr): boolean {
    const tokens = this.#tokens;
    const { kind: op } = tokens.peek();
    if (!isBinaryOp(op) || PRECEDENCE[op] < this.#minPrecedence) return false;
    tokens.take();
    const returnBool = tokens.tryTake('bool') !== undefined;
    const matching = parseMatching(tokens);
    this.#push(
      { kind: 'binary', lhs, op, returnBool, matching },
      isRightAssociative(op) ? PRECEDENCE[op] : PRECEDENCE[op] + 1,
    );
    return true;
  }

  /** Completes an expression with its last operand. Returns `undefined` when another argument follows. */
  #tryComplete(incomplete: Incomplete, expr: Expr): Expr | undefined {
    const tokens = this.#tokens;
    switch (incomplete.kind) {
      case 'binary':
        return completeBinary(tokens, incomplete, expr);
      case 'sign': {
        const { sign, op } = incomplete;
        const position = { start: tokens.position(sign).start, end: expr.position.end };
        if (expr.kind !== 'number') return { kind: 'unary', op, expr, position };
        return { ...expr, value: op === '-' ? -expr.value : expr.value, position };
      }
      case 'paren': {
        tokens.expect(')');
        const position = tokens.positionFrom(incomplete.start);
        return parsePostfix(tokens, { kind: 'paren', expr, position });
      }
      case 'arguments': {
        const { call, args } = incomplete;
        args.push(expr);
        if (tokens.tryTake(')') !== undefined) return completeCall(tokens, call, args);
        const comma = tokens.expect(',');
        if (!startsExpression(tokens.peek().kind)) {
          throw tokens.error(tokens.position(comma), 'trailing commas not allowed in function call args');
        }
        this.#push(incomplete, 0);
        return undefined;
      }
    }
  }
}

function completeBinary(
  tokens: TokenStream,
  { op, lhs, returnBool, matching }: Extract<Incomplete, { kind: 'binary' }>,
  rhs: Expr,
): Expr {
  const { fill } = matching;
  const hasFill = fill.lhs !== undefined || fill.rhs !== undefined;
  if (hasFill && !tokens.features.has('promql-binop-fill-modifiers')) {
    const position = tokens.positionFrom(lhs.position.start);
    throw tokens.error(position, 'binop fill modifiers are experimental and not enabled');
  }
  const position = { start: lhs.position.start, end: rhs.position.end };
  return { kind: 'binary', op, lhs, rhs, returnBool, matching, position };
}

function completeCall(tokens: TokenStream, { name, op, grouping }: Call, args: readonly Expr[]): Expr {
  if (op === undefined) return parsePostfix(tokens, createCall(tokens, name, args));
  const call = { name, op, grouping: grouping ?? tryGrouping(tokens) };
  tokens.leave();
  return parsePostfix(tokens, createAggregate(tokens, call, args));
}

function createAggregate(
  tokens: TokenStream,
  { name, op, grouping }: Call & { readonly op: AggregateOp },
  args: readonly Expr[],
): AggregateExpr {
  const position = tokens.positionFrom(tokens.position(name).start);
  if (args.length === 0) {
    throw tokens.error(position, 'no arguments for aggregate expression provided');
  }
  if (isExperimentalAggregation(op) && !tokens.features.has('promql-experimental-functions')) {
    const flag = '--enable-feature=promql-experimental-functions';
    throw tokens.error(position, `${op}() is experimental and must be enabled with ${flag}`);
  }
  const count = AGGREGATE_PARAMETERS[op] === undefined ? 1 : 2;
  if (args.length !== count) {
    throw tokens.error(
      position,
      `wrong number of arguments for aggregate expression provided, expected ${count}, got ${args.length}`,
    );
  }
  return {
    kind: 'aggregate',
    op,
    expr: args[count - 1]!,
    param: count === 2 ? args[0] : undefined,
    grouping: grouping?.labels ?? [],
    without: grouping?.without ?? false,
    position,
  };
}

function tryGrouping(tokens: TokenStream): Grouping | undefined {
  const { kind } = tokens.peek();
  if (kind !== 'by' && kind !== 'without') return undefined;
  tokens.take();
  return { labels: parseLabelNames(tokens), without: kind === 'without' };
}

function createCall(tokens: TokenStream, name: Token, args: readonly Expr[]): Expr {
  const signature = SIGNATURES.get(name.text);
  if (signature === undefined) {
    throw tokens.error(tokens.position(name), `unknown function with name ${quote(name.text)}`);
  }
  if (signature.experimental && !tokens.features.has('promql-experimental-functions')) {
    throw tokens.error(tokens.position(name), `function ${quote(name.text)} is not enabled`);
  }
  const position = tokens.positionFrom(tokens.position(name).start);
  return { kind: 'call', func: signature.name, args, position };
}
