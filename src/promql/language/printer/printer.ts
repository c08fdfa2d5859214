// Printing of expressions on one line, as Prometheus' String() does, and in a portable form for older regions.

import { compareStrings, METRIC_NAME, printDuration, type Matcher } from '../../../model/index.js';
import { formatPlain, formatShort } from '../../functions/index.js';
import { stackSafe } from '../stack-safe.js';
import type {
  AggregateExpr,
  At,
  BinaryExpr,
  Duration,
  Expr,
  MatrixSelector,
  NumberLiteral,
  SubqueryExpr,
  VectorMatching,
  VectorSelector,
} from '../ast.js';
import { PRECEDENCE, UNARY_PRECEDENCE, isRightAssociative } from '../operators.js';
import { quote } from './quote.js';

const PLAIN_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Prints an expression on one line for a region. Parsing the text returns an equal expression, except for positions,
 * the order of matchers (sorted, as in Prometheus), parentheses, and durations that are used as numbers (`60 * 5m`):
 * they become plain numbers (`60 * 300`), which regions before Prometheus 3 require. Parentheses are added where a
 * constructed tree needs them: the product of `1 + 2` and `3` is printed as `(1 + 2) * 3`.
 */
export const printPortableExpr: (expr: Expr) => string = stackSafe<string>((expr, recurse) =>
  expr.kind === 'number' ? formatPlain(expr.value) : printWith(expr, recurse),
);

/** Prints an expression on one line. Source: Prometheus, promql/parser/printer.go (`String`). */
export const printExpr: (expr: Expr) => string = stackSafe(printWith);

/** Prints an expression and its sub-expressions with `print`. */
export function printWith(expr: Expr, print: (expr: Expr) => string): string {
  switch (expr.kind) {
    case 'number':
      return printNumberLiteral(expr);
    case 'string':
      return quote(expr.value);
    case 'vectorSelector':
      return printVectorSelector(expr);
    case 'matrixSelector':
      return printMatrixSelector(expr);
    case 'subquery':
      return `${printOperand(expr, 'inner', print)}${printSubquerySuffix(expr)}`;
    case 'aggregate': {
      const param = expr.param === undefined ? '' : `${print(expr.param)}, `;
      return `${printAggregateHead(expr)}(${param}${print(expr.expr)})`;
    }
    case 'call':
      return `${expr.func}(${printList(expr.args, print)})`;
    case 'binary': {
      const lhs = printOperand(expr, 'lhs', print);
      const rhs = printOperand(expr, 'rhs', print);
      return `${lhs} ${printOperator(expr)} ${rhs}`;
    }
    case 'unary':
      return `${expr.op}${printOperand(expr, 'inner', print)}`;
    case 'paren':
      return `(${print(expr.expr)})`;
  }
}

/** Concatenates instead of using `join`, which would copy the text at every level of a deep expression. */
function printList(args: readonly Expr[], print: (expr: Expr) => string): string {
  let text = '';
  for (const arg of args) text += text === '' ? print(arg) : `, ${print(arg)}`;
  return text;
}

function printNumberLiteral({ value, duration }: NumberLiteral): string {
  return duration ? printDuration(Math.round(value * 1000)) : formatPlain(value);
}

/** Reports whether an operand must be printed in parentheses to be parsed as the same expression. */
export function needsParentheses(
  parent: BinaryExpr | SubqueryExpr | Extract<Expr, { kind: 'unary' }>,
  side: 'lhs' | 'rhs' | 'inner',
): boolean {
  if (parent.kind === 'binary') {
    const operand = side === 'lhs' ? parent.lhs : parent.rhs;
    const precedence = PRECEDENCE[parent.op];
    if (side === 'lhs' && endsInOpenOffset(operand)) return true;
    if (operand.kind === 'binary') {
      const operandPrecedence = PRECEDENCE[operand.op];
      if (operandPrecedence !== precedence) return operandPrecedence < precedence;
      return isRightAssociative(parent.op) ? side === 'lhs' : side === 'rhs';
    }
    // A sign binds looser than `^`: it would be parsed as the sign of the whole power.
    return side === 'lhs' && precedence > UNARY_PRECEDENCE && isSigned(operand);
  }
  const operand = parent.expr;
  if (operand.kind === 'binary') {
    return parent.kind === 'subquery' || PRECEDENCE[operand.op] <= UNARY_PRECEDENCE;
  }
  // Without parentheses a sign and a number would be parsed as one number.
  return parent.kind === 'subquery' ? operand.kind === 'unary' : operand.kind === 'number';
}

/** Reports whether an operator after the expression could be parsed as part of its offset: `a offset (1m) * 2`. */
function endsInOpenOffset(expr: Expr): boolean {
  let last = expr;
  while (last.kind === 'binary' || last.kind === 'unary')
    last = last.kind === 'binary' ? last.rhs : last.expr;
  if (last.kind === 'matrixSelector') last = last.selector;
  if (last.kind !== 'vectorSelector' && last.kind !== 'subquery') return false;
  return last.offset?.kind === 'durationParen' || last.offset?.kind === 'durationBinary';
}

function isSigned(expr: Expr): boolean {
  return expr.kind === 'unary' || (expr.kind === 'number' && (expr.value < 0 || Object.is(expr.value, -0)));
}

function printOperand(
  parent: BinaryExpr | SubqueryExpr | Extract<Expr, { kind: 'unary' }>,
  side: 'lhs' | 'rhs' | 'inner',
  print: (expr: Expr) => string,
): string {
  const operand = parent.kind === 'binary' ? (side === 'lhs' ? parent.lhs : parent.rhs) : parent.expr;
  if (needsParentheses(parent, side)) return `(${print(operand)})`;
  return parent.kind === 'binary' && side === 'lhs' && isInfiniteBase(parent) ? 'Inf' : print(operand);
}

/**
 * Reports whether the base of a power is `+Inf`. It is printed as `Inf`, because the plus would be parsed as the sign
 * of the whole power.
 */
export function isInfiniteBase({ op, lhs }: BinaryExpr): boolean {
  return op === '^' && lhs.kind === 'number' && lhs.value === Infinity;
}

/** Prints the part of an aggregation before the arguments: `sum`, `sum by (a, b) ` or `sum without (a) `. */
export function printAggregateHead({ op, without, grouping }: AggregateExpr): string {
  if (without) return `${op} without (${printLabelNames(grouping)}) `;
  return grouping.length > 0 ? `${op} by (${printLabelNames(grouping)}) ` : op;
}

/** Prints the operator of a binary operation with its modifiers: `== bool on (a) group_left (b)`. */
export function printOperator({ op, returnBool, matching }: BinaryExpr): string {
  return `${op}${returnBool ? ' bool' : ''}${matching === undefined ? '' : printMatching(matching)}`;
}

function printMatching({ card, labels, on, include, fill }: VectorMatching): string {
  const grouped = card === 'many-to-one' || card === 'one-to-many';
  let text = '';
  if (labels.length > 0 || on || grouped) text += ` ${on ? 'on' : 'ignoring'} (${printLabelNames(labels)})`;
  if (grouped) text += ` group_${card === 'many-to-one' ? 'left' : 'right'} (${printLabelNames(include)})`;
  if (fill.lhs !== undefined && Object.is(fill.lhs, fill.rhs)) {
    return `${text} fill (${formatShort(fill.lhs)})`;
  }
  if (fill.lhs !== undefined) text += ` fill_left (${formatShort(fill.lhs)})`;
  if (fill.rhs !== undefined) text += ` fill_right (${formatShort(fill.rhs)})`;
  return text;
}

function printLabelNames(names: readonly string[]): string {
  return names.map(printLabelName).join(', ');
}

function printLabelName(name: string): string {
  return isPlainLabelName(name) ? name : quote(name);
}

/** Reports whether a label name needs no quotes. Regions before Prometheus 3 accept no other names. */
export function isPlainLabelName(name: string): boolean {
  return PLAIN_LABEL_NAME.test(name);
}

function printVectorSelector(selector: VectorSelector): string {
  const extension = selector.extension === undefined ? '' : ` ${selector.extension}`;
  return `${printMatchers(selector)}${printAt(selector.at)}${extension}${printOffset(selector.offset)}`;
}

function printMatrixSelector({ selector, range }: MatrixSelector): string {
  const extension = selector.extension === undefined ? '' : ` ${selector.extension}`;
  const time = `${printAt(selector.at)}${printOffset(selector.offset)}`;
  return `${printMatchers(selector)}[${printDurationExpr(range)}]${extension}${time}`;
}

/** Prints the name and the matchers, or `{}` without either, which the second argument of info allows. */
function printMatchers({ name, matchers }: VectorSelector): string {
  const printed = matchers
    .filter((matcher) => !(name !== '' && isName(matcher, name)))
    .map((matcher) => `${printLabelName(matcher.name)}${matcher.op}${quote(matcher.value)}`)
    .sort(compareStrings);
  return printed.length === 0 && name !== '' ? name : `${name}{${printed.join(',')}}`;
}

function isName(matcher: Matcher, name: string): boolean {
  return matcher.name === METRIC_NAME && matcher.op === '=' && matcher.value === name;
}

/** Prints the part of a subquery after its expression: `[1h:5m] @ 100.000 offset 5m`. */
export function printSubquerySuffix({ range, step, at, offset }: SubqueryExpr): string {
  const window = `${printDurationExpr(range)}:${step === undefined ? '' : printDurationExpr(step)}`;
  return `[${window}]${printAt(at)}${printOffset(offset)}`;
}

function printAt(at: At | undefined): string {
  if (at === undefined) return '';
  if (at.kind !== 'timestamp') return ` @ ${at.kind}()`;
  const magnitude = Math.abs(at.timeMs);
  // Integer arithmetic, because a division would lose the milliseconds of very large times.
  const seconds = BigInt(Math.trunc(magnitude / 1000));
  return ` @ ${at.timeMs < 0 ? '-' : ''}${seconds}.${String(magnitude % 1000).padStart(3, '0')}`;
}

function printOffset(offset: Duration | undefined): string {
  return offset === undefined ? '' : ` offset ${printDurationExpr(offset)}`;
}

/** Prints a literal as a duration even when it was written as a number, except within a duration expression. */
function printDurationExpr(duration: Duration): string {
  return duration.kind === 'durationLiteral' ? printDuration(duration.ms) : printDurationPart(duration);
}

function printDurationPart(duration: Duration): string {
  switch (duration.kind) {
    case 'durationLiteral':
      return duration.number ? formatPlain(duration.seconds) : printDuration(duration.ms);
    case 'durationCall':
      return `${duration.func}(${duration.args.map(printDurationPart).join(', ')})`;
    case 'durationBinary':
      return `${printDurationPart(duration.lhs)} ${duration.op} ${printDurationPart(duration.rhs)}`;
    case 'durationUnary':
      return `-${printDurationPart(duration.expr)}`;
    case 'durationParen':
      return `(${printDurationPart(duration.expr)})`;
  }
}
