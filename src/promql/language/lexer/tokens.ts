// Token kinds, keywords, and the names of tokens in error messages.

import { AGGREGATE_PARAMETERS, PRECEDENCE } from '../operators.js';
import type { AggregateOp, BinaryOp } from '../ast.js';
import { quote } from '../printer/quote.js';

/** Keywords that have a meaning in some contexts only. All are valid label names, most are valid metric names. */
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

/** Keywords that are followed by parentheses, like function names. */
const PREPROCESSORS = ['start', 'end', 'step', 'range', 'min_of', 'max_of'] as const;

/** A keyword that is not an operator, an aggregation or a preprocessor function. */
export type Keyword = (typeof KEYWORDS)[number];
/** `start` and `end` after `@`, and the functions of duration expressions. */
export type Preprocessor = (typeof PREPROCESSORS)[number];

/** The kind of a token. Operators, keywords and punctuation are their own kinds, keywords in lower case. */
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

/** A token and its place in the query. */
export interface Token {
  readonly kind: TokenKind;
  /** The source text, including quotes and letter case. */
  readonly text: string;
  /** Index into the query of the first UTF-16 code unit, inclusive. */
  readonly start: number;
  /** Index after the last UTF-16 code unit, exclusive. */
  readonly end: number;
}

const AGGREGATIONS: ReadonlySet<string> = new Set(Object.keys(AGGREGATE_PARAMETERS));
const OPERATORS: ReadonlySet<string> = new Set([...Object.keys(PRECEDENCE), '=~', '!~', '@']);
const KEYWORD_SET: ReadonlySet<string> = new Set(KEYWORDS);

/** The token kind of each word that is not a plain identifier, by the word in lower case. */
export const WORDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...(['and', 'or', 'unless', 'atan2'] as const).map((word) => [word, word] as const),
  ...(Object.keys(AGGREGATE_PARAMETERS) as AggregateOp[]).map((word) => [word, word] as const),
  ...KEYWORDS.map((word) => [word, word] as const),
  ...PREPROCESSORS.map((word) => [word, word] as const),
  ['inf', 'number'],
  ['nan', 'number'],
]);

/** Keywords that are not valid metric names. All other keywords are, where they have no other meaning. */
const RESERVED_WORDS: ReadonlySet<string> = new Set([
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
  ...[...WORDS.values()].filter((kind) => !RESERVED_WORDS.has(kind)),
]);

const LABEL_NAMES: ReadonlySet<string> = new Set([
  'identifier',
  'metric identifier',
  ...[...WORDS.values()].filter((kind) => kind !== 'number'),
]);

/** Reports whether a token kind is an aggregation operator. */
export function isAggregation(kind: TokenKind): kind is AggregateOp {
  return AGGREGATIONS.has(kind);
}

/** Reports whether a token kind is a binary operator. */
export function isBinaryOp(kind: TokenKind): kind is BinaryOp {
  return Object.hasOwn(PRECEDENCE, kind);
}

/** Reports whether a token can be a metric name. */
export function isMetricName(kind: TokenKind): boolean {
  return METRIC_NAMES.has(kind);
}

/** Reports whether a token can be a label name of a grouping, `on (…)` or `ignoring (…)`. */
export function isLabelName(kind: TokenKind): boolean {
  return LABEL_NAMES.has(kind);
}

/** Reports whether a token can be a function name. */
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

/** Reports whether a token can start an expression. */
export function startsExpression(kind: TokenKind): boolean {
  return STARTS_OF_EXPRESSION.has(kind) || isMetricName(kind);
}

const STARTS_OF_DURATION: ReadonlySet<TokenKind> = new Set([
  ...(['(', '+', '-', 'number', 'duration'] as const),
  ...(['step', 'range', 'min_of', 'max_of'] as const),
]);

/** Reports whether a token can start a duration. */
export function startsDuration(kind: TokenKind): boolean {
  return STARTS_OF_DURATION.has(kind);
}

/** Returns the name of a token in `unexpected …` errors. Source: Prometheus, promql/parser/lex.go (`Item.desc`). */
export function describeToken({ kind, text }: Token): string {
  if (kind === 'end of input') return kind;
  if (kind === 'identifier' || kind === 'metric identifier') return `${kind} ${quote(text)}`;
  if (kind === 'string' || kind === 'number' || kind === 'duration') return `${kind} ${abbreviate(text)}`;
  if (KEYWORD_SET.has(kind)) return `<${text}>`;
  if (OPERATORS.has(kind)) return `<op:${text}>`;
  if (isAggregation(kind)) return `<aggr:${text}>`;
  return quote(text);
}

/** Quotes a text. Of a text longer than ten bytes only the first ten characters are kept. */
function abbreviate(text: string): string {
  // A character has at most two code units, and a code unit has at least one byte.
  const beginning = text.slice(0, 20);
  if (beginning === text && Buffer.byteLength(text, 'utf8') <= 10) return quote(text);
  return `${quote(Array.from(beginning).slice(0, 10).join(''))}...`;
}
