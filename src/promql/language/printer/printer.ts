// Trees to text on one line, as Prometheus' String() prints them, and in words that every region understands.

import { METRIC_NAME, printDuration, type Matcher } from '../../../model/index.js';
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
import { printNumber, printShortNumber } from '../lexer/literals.js';
import { PRECEDENCE, UNARY_PRECEDENCE, isRightAssociative } from '../operators.js';
import { quote } from './quote.js';

/** Names that need no quotes, which is all that regions before Prometheus 3 know. */
const PLAIN_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Prints an expression on one line. Parsing the text gives the expression back, but for positions, the order of
 * matchers (sorted, as Prometheus prints them) and parentheses: where a tree was put together in a way that its text
 * would be read differently, the text has parentheses that the tree has not.
 */
export function printExpr(expr: Expr): string {
  return printDeep(expr);
}

/**
 * Prints an expression as printExpr does, with durations that are used as numbers (`60 * 5m`) as plain numbers:
 * regions before Prometheus 3 know no others.
 */
export function printPortableExpr(expr: Expr): string {
  return printPortably(expr);
}

const printDeep = stackSafe(printWith);
const printPortably = stackSafe<string>((expr, again) =>
  expr.kind === 'number' ? printNumber(expr.value) : printWith(expr, again),
);

/** Prints an expression, its sub-expressions by `print`. */
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

/** Adds up what `join` would copy, at every level of a deep expression once more. */
function printList(args: readonly Expr[], print: (expr: Expr) => string): string {
  let text = '';
  for (const arg of args) text += text === '' ? print(arg) : `, ${print(arg)}`;
  return text;
}

function printNumberLiteral({ value, duration }: NumberLiteral): string {
  return duration ? printDuration(Math.round(value * 1000)) : printNumber(value);
}

/** Whether an operand must stand in parentheses to be read as what it is. */
export function needsParentheses(
  parent: BinaryExpr | SubqueryExpr | Extract<Expr, { kind: 'unary' }>,
  side: 'lhs' | 'rhs' | 'inner',
): boolean {
  if (parent.kind === 'binary') {
    const operand = side === 'lhs' ? parent.lhs : parent.rhs;
    const own = PRECEDENCE[parent.op];
    if (side === 'lhs' && endsInOpenOffset(operand)) return true;
    if (operand.kind === 'binary') {
      const other = PRECEDENCE[operand.op];
      if (other !== own) return other < own;
      return isRightAssociative(parent.op) ? side === 'lhs' : side === 'rhs';
    }
    // A sign binds looser than `^`: it would be read as the sign of the whole power.
    return side === 'lhs' && own > UNARY_PRECEDENCE && isSigned(operand);
  }
  const operand = parent.expr;
  if (operand.kind === 'binary') {
    return parent.kind === 'subquery' || PRECEDENCE[operand.op] <= UNARY_PRECEDENCE;
  }
  // A sign and a number would be read as one number; between parentheses they stay two.
  return parent.kind === 'subquery' ? operand.kind === 'unary' : operand.kind === 'number';
}

/** Whether an operator after the expression could be read as part of its offset: `a offset (1m) * 2`. */
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

/** Infinity raised to a power is printed without its plus, which would be the sign of the whole power. */
export function isInfiniteBase({ op, lhs }: BinaryExpr): boolean {
  return op === '^' && lhs.kind === 'number' && lhs.value === Infinity;
}

/** `sum`, `sum by (a, b) `, `sum without (a) `: all before the parenthesis. */
export function printAggregateHead({ op, without, grouping }: AggregateExpr): string {
  if (without) return `${op} without (${printLabelNames(grouping)}) `;
  return grouping.length > 0 ? `${op} by (${printLabelNames(grouping)}) ` : op;
}

/** The operator of a binary operation with its modifiers: `== bool on (a) group_left (b)`. */
export function printOperator({ op, returnBool, matching }: BinaryExpr): string {
  return `${op}${returnBool ? ' bool' : ''}${matching === undefined ? '' : printMatching(matching)}`;
}

function printMatching({ card, labels, on, include, fill }: VectorMatching): string {
  const grouped = card === 'many-to-one' || card === 'one-to-many';
  let text = '';
  if (labels.length > 0 || on || grouped) text += ` ${on ? 'on' : 'ignoring'} (${printLabelNames(labels)})`;
  if (grouped) text += ` group_${card === 'many-to-one' ? 'left' : 'right'} (${printLabelNames(include)})`;
  if (fill.lhs !== undefined && Object.is(fill.lhs, fill.rhs)) {
    return `${text} fill (${printShortNumber(fill.lhs)})`;
  }
  if (fill.lhs !== undefined) text += ` fill_left (${printShortNumber(fill.lhs)})`;
  if (fill.rhs !== undefined) text += ` fill_right (${printShortNumber(fill.rhs)})`;
  return text;
}

function printLabelNames(names: readonly string[]): string {
  return names.map(printLabelName).join(', ');
}

function printLabelName(name: string): string {
  return PLAIN_LABEL_NAME.test(name) ? name : quote(name);
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

/** The name and the matchers; `{}` when there is neither, as info's second argument may have it. */
function printMatchers({ name, matchers }: VectorSelector): string {
  const printed = matchers
    .filter((matcher) => !(name !== '' && isName(matcher, name)))
    .map((matcher) => `${printLabelName(matcher.name)}${matcher.op}${quote(matcher.value)}`)
    .sort();
  return printed.length === 0 && name !== '' ? name : `${name}{${printed.join(',')}}`;
}

function isName(matcher: Matcher, name: string): boolean {
  return matcher.name === METRIC_NAME && matcher.op === '=' && matcher.value === name;
}

/** `[1h:5m] @ 100.000 offset 5m`: all after the expression of a subquery. */
export function printSubquerySuffix({ range, step, at, offset }: SubqueryExpr): string {
  const window = `${printDurationExpr(range)}:${step === undefined ? '' : printDurationExpr(step)}`;
  return `[${window}]${printAt(at)}${printOffset(offset)}`;
}

function printAt(at: At | undefined): string {
  if (at === undefined) return '';
  if (at.kind !== 'timestamp') return ` @ ${at.kind}()`;
  const size = Math.abs(at.timeMs);
  // By way of integers, as a division would lose milliseconds of very large times.
  const seconds = BigInt(Math.trunc(size / 1000));
  return ` @ ${at.timeMs < 0 ? '-' : ''}${seconds}.${String(size % 1000).padStart(3, '0')}`;
}

function printOffset(offset: Duration | undefined): string {
  return offset === undefined ? '' : ` offset ${printDurationExpr(offset)}`;
}

/** A duration alone prints as one however it was written; in an expression a number stays a number. */
function printDurationExpr(duration: Duration): string {
  return duration.kind === 'durationLiteral' ? printDuration(duration.ms) : printDurationPart(duration);
}

function printDurationPart(duration: Duration): string {
  switch (duration.kind) {
    case 'durationLiteral':
      return duration.number ? printNumber(duration.seconds) : printDuration(duration.ms);
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
