// Parses expressions by the precedence of their operators: operands, operators, parentheses, calls, aggregations.
//
// What was begun waits on a stack of our own, for the one that calls stand on would not do for a query that nests ten
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

/** Parses as much as belongs to one expression. Any depth will do. */
export function parseExpression(tokens: TokenStream): Expr {
  return new ExpressionParser(tokens).parse();
}

/** What was begun and lacks an operand yet. */
type Begun =
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

/** A call or an aggregation up to its arguments. */
interface Call {
  readonly name: Token;
  /** Undefined for a function. */
  readonly op: AggregateOp | undefined;
  /** What stands before the arguments. */
  readonly grouping: Grouping | undefined;
}

interface Grouping {
  readonly labels: readonly string[];
  readonly without: boolean;
}

class ExpressionParser {
  readonly #tokens: TokenStream;
  /** The innermost last; `outer` is the precedence to go back to. */
  readonly #begun: { readonly begun: Begun; readonly outer: number }[] = [];
  /** An operator that binds looser ends what is being read. */
  #precedence = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  parse(): Expr {
    for (;;) {
      let expr = this.#operand();
      while (expr !== undefined && !this.#tryOperator(expr)) {
        const last = this.#begun.pop();
        if (last === undefined) return expr;
        this.#precedence = last.outer;
        expr = this.#finish(last.begun, expr);
      }
    }
  }

  #begin(begun: Begun, precedence: number): void {
    this.#begun.push({ begun, outer: this.#precedence });
    this.#precedence = precedence;
  }

  /** Parses an operand, or begins one: then what comes next is an operand of it, and there is none yet. */
  #operand(): Expr | undefined {
    const tokens = this.#tokens;
    const token = tokens.peek();
    const { kind } = token;
    if (kind === '+' || kind === '-') {
      this.#begin({ kind: 'sign', sign: tokens.take(), op: kind }, UNARY_PRECEDENCE + 1);
      return undefined;
    }
    if (kind === '(') {
      this.#begin({ kind: 'paren', start: tokens.position(tokens.take()).start }, 0);
      return undefined;
    }
    if (kind === '{') return parsePostfix(tokens, parseVectorSelector(tokens, undefined));
    const position = tokens.position(token);
    if (kind === 'number' || kind === 'duration') {
      return parsePostfix(tokens, { kind: 'number', ...takeNumber(tokens), position });
    }
    if (kind === 'string') {
      return parsePostfix(tokens, { kind: 'string', value: unquote(tokens.take().text), position });
    }
    return this.#named();
  }

  /** What begins with a word: an aggregation, a call or the name of a metric, which the next token decides. */
  #named(): Expr | undefined {
    const tokens = this.#tokens;
    const { kind } = tokens.peek();
    if (!isMetricName(kind)) throw tokens.unexpected();
    const name = tokens.take();
    const next = tokens.peek().kind;
    if (isAggregation(kind) && (next === '(' || next === 'by' || next === 'without')) {
      tokens.enter('aggregation', '');
      return this.#arguments({ name, op: kind, grouping: tryGrouping(tokens) });
    }
    if (isFunctionName(kind) && next === '(') {
      return this.#arguments({ name, op: undefined, grouping: undefined });
    }
    return parsePostfix(tokens, parseVectorSelector(tokens, name));
  }

  #arguments(call: Call): Expr | undefined {
    this.#tokens.expect('(');
    if (this.#tokens.tryTake(')') !== undefined) return finishCall(this.#tokens, call, []);
    this.#begin({ kind: 'arguments', call, args: [] }, 0);
    return undefined;
  }

  /** Begins a binary operation when an operator is next that binds tight enough. */
  #tryOperator(lhs: Expr): boolean {
    const tokens = this.#tokens;
    const { kind: op } = tokens.peek();
    if (!isBinaryOp(op) || PRECEDENCE[op] < this.#precedence) return false;
    tokens.take();
    const returnBool = tokens.tryTake('bool') !== undefined;
    const matching = parseMatching(tokens);
    this.#begin(
      { kind: 'binary', lhs, op, returnBool, matching },
      isRightAssociative(op) ? PRECEDENCE[op] : PRECEDENCE[op] + 1,
    );
    return true;
  }

  /** What the operand completes, or undefined when one more comes next. */
  #finish(begun: Begun, expr: Expr): Expr | undefined {
    const tokens = this.#tokens;
    switch (begun.kind) {
      case 'binary':
        return finishBinary(tokens, begun, expr);
      case 'sign': {
        const position = { start: tokens.position(begun.sign).start, end: expr.position.end };
        if (expr.kind !== 'number') return { kind: 'unary', op: begun.op, expr, position };
        return { ...expr, value: begun.op === '-' ? -expr.value : expr.value, position };
      }
      case 'paren':
        tokens.expect(')');
        return parsePostfix(tokens, { kind: 'paren', expr, position: tokens.positionFrom(begun.start) });
      case 'arguments': {
        begun.args.push(expr);
        if (tokens.tryTake(')') !== undefined) return finishCall(tokens, begun.call, begun.args);
        const comma = tokens.expect(',');
        if (!startsExpression(tokens.peek().kind)) {
          throw tokens.error(tokens.position(comma), 'trailing commas not allowed in function call args');
        }
        this.#begin(begun, 0);
        return undefined;
      }
    }
  }
}

function finishBinary(tokens: TokenStream, begun: Extract<Begun, { kind: 'binary' }>, rhs: Expr): Expr {
  const { op, lhs, returnBool, matching } = begun;
  const { fill } = matching;
  const fills = fill.lhs !== undefined || fill.rhs !== undefined;
  if (fills && !tokens.features.has('promql-binop-fill-modifiers')) {
    const position = tokens.positionFrom(lhs.position.start);
    throw tokens.error(position, 'binop fill modifiers are experimental and not enabled');
  }
  const position = { start: lhs.position.start, end: rhs.position.end };
  return { kind: 'binary', op, lhs, rhs, returnBool, matching, position };
}

function finishCall(tokens: TokenStream, { name, op, grouping }: Call, args: readonly Expr[]): Expr {
  if (op === undefined) return parsePostfix(tokens, createCall(tokens, name, args));
  const settled = grouping ?? tryGrouping(tokens);
  tokens.leave();
  return parsePostfix(tokens, createAggregate(tokens, { name, op, grouping: settled }, args));
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
  const wanted = AGGREGATE_PARAMETERS[op] === undefined ? 1 : 2;
  if (args.length !== wanted) {
    throw tokens.error(
      position,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
    );
  }
  return {
    kind: 'aggregate',
    op,
    expr: args[wanted - 1]!,
    param: wanted === 2 ? args[0] : undefined,
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
