// The kinds of tokens, the keywords, and how messages name them.

import { AGGREGATE_PARAMETERS, PRECEDENCE } from '../operators.js';
import type { AggregateOp, BinaryOp } from '../ast.js';
import { quote } from '../printer/quote.js';

/** Words with a meaning of their own in some place. All may be label names, most of them metric names too. */
const KEYWORDS = [
  'offset',
  'anchored',
  'smoothed',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'fill',
  'fill_left',
  'fill_right',
  'bool',
] as const;

/** Words that look like functions in every place they mean something. */
const PREPROCESSORS = ['start', 'end', 'step', 'range', 'min_of', 'max_of'] as const;

export type Keyword = (typeof KEYWORDS)[number];
export type Preprocessor = (typeof PREPROCESSORS)[number];

export type TokenKind =
  | 'end of input'
  | 'identifier'
  | 'metric identifier'
  | 'string'
  | 'number'
  | 'duration'
  | BinaryOp
  | AggregateOp
  | Keyword
  | Preprocessor
  | ('(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '=' | '=~' | '!~' | '@');

export interface Token {
  readonly kind: TokenKind;
  /** As written, quotes and letter case included. */
  readonly text: string;
  /** Index into the query of the first UTF-16 code unit. */
  readonly start: number;
  /** Index after the last code unit. */
  readonly end: number;
}

const AGGREGATIONS: ReadonlySet<string> = new Set(Object.keys(AGGREGATE_PARAMETERS));
const OPERATORS: ReadonlySet<string> = new Set([...Object.keys(PRECEDENCE), '=~', '!~', '@']);
const KEYWORD_SET: ReadonlySet<string> = new Set(KEYWORDS);

/** The kind of each word that is not a plain identifier, by the word in lower case. */
export const WORDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...(['and', 'or', 'unless', 'atan2'] as const).map((word) => [word, word] as const),
  ...(Object.keys(AGGREGATE_PARAMETERS) as AggregateOp[]).map((word) => [word, word] as const),
  ...KEYWORDS.map((word) => [word, word] as const),
  ...PREPROCESSORS.map((word) => [word, word] as const),
  ['inf', 'number'],
  ['nan', 'number'],
]);

/** Words that a metric cannot be called by; the others are names wherever they mean nothing else. */
const NO_METRIC_NAMES: ReadonlySet<string> = new Set([
  'bool',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'atan2',
  'number',
]);

const METRIC_NAMES: ReadonlySet<string> = new Set([
  'identifier',
  'metric identifier',
  ...[...WORDS.values()].filter((kind) => !NO_METRIC_NAMES.has(kind)),
]);

const LABEL_NAMES: ReadonlySet<string> = new Set([
  'identifier',
  'metric identifier',
  ...[...WORDS.values()].filter((kind) => kind !== 'number'),
]);

export function isAggregation(kind: TokenKind): kind is AggregateOp {
  return AGGREGATIONS.has(kind);
}

export function isBinaryOp(kind: TokenKind): kind is BinaryOp {
  return Object.hasOwn(PRECEDENCE, kind);
}

/** Whether a token can be the name of a metric. */
export function isMetricName(kind: TokenKind): boolean {
  return METRIC_NAMES.has(kind);
}

/** Whether a token can be the name of a label between parentheses. */
export function isLabelName(kind: TokenKind): boolean {
  return LABEL_NAMES.has(kind);
}

/** Whether a token can be the name of a function. */
export function isFunctionName(kind: TokenKind): boolean {
  return kind === 'identifier' || (PREPROCESSORS as readonly string[]).includes(kind);
}

const STARTS_OF_EXPRESSION: ReadonlySet<TokenKind> = new Set([
  '(',
  '{',
  '+',
  '-',
  'string',
  'number',
  'duration',
]);

/** Whether an expression can begin with a token. */
export function startsExpression(kind: TokenKind): boolean {
  return STARTS_OF_EXPRESSION.has(kind) || isMetricName(kind);
}

const STARTS_OF_DURATION: ReadonlySet<TokenKind> = new Set([
  ...(['(', '+', '-', 'number', 'duration'] as const),
  ...(['step', 'range', 'min_of', 'max_of'] as const),
]);

/** Whether a duration can begin with a token. */
export function startsDuration(kind: TokenKind): boolean {
  return STARTS_OF_DURATION.has(kind);
}

/** A token as `unexpected …` names it. Source: Prometheus, promql/parser/lex.go (`Item.desc`). */
export function describe({ kind, text }: Token): string {
  if (kind === 'end of input') return kind;
  if (kind === 'identifier' || kind === 'metric identifier') return `${kind} ${quote(text)}`;
  if (kind === 'string' || kind === 'number' || kind === 'duration') return `${kind} ${abbreviate(text)}`;
  if (KEYWORD_SET.has(kind)) return `<${text}>`;
  if (OPERATORS.has(kind)) return `<op:${text}>`;
  if (isAggregation(kind)) return `<aggr:${text}>`;
  return quote(text);
}

/** At most ten characters of a text that is longer than ten bytes, quoted. */
function abbreviate(text: string): string {
  // No character is longer than two code units, and every code unit is a byte at least.
  const beginning = text.slice(0, 20);
  if (beginning === text && Buffer.byteLength(text, 'utf8') <= 10) return quote(text);
  return `${quote(Array.from(beginning).slice(0, 10).join(''))}...`;
}
