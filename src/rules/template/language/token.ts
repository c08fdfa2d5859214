// Tokens of templates, and their text in errors.

import { quoteString } from '../format/quote.js';

export type TokenKind =
  | 'error'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'assign'
  | 'declare'
  | 'eof'
  | 'field'
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | 'keyword';

export interface Token {
  readonly kind: TokenKind;
  /** Position in the source, in UTF-16 units. */
  readonly pos: number;
  /** Source of the token; for an error its text. */
  readonly text: string;
  /** Line of the start of the token; the first line is 1. */
  readonly line: number;
}

export const KEYWORDS: ReadonlySet<string> = new Set([
  '.',
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'nil',
  'template',
  'with',
]);

/** Prints a token as Go's errors do. Source: Go, text/template/parse/lex.go (`item.String`). */
export function describeToken({ kind, text }: Token): string {
  if (kind === 'eof') return 'EOF';
  if (kind === 'error') return text;
  if (kind === 'keyword') return `<${text}>`;
  if (Buffer.byteLength(text) <= 10) return quoteString(text);
  return `${quoteString(Array.from(text).slice(0, 10).join(''))}...`;
}

export function isKeyword({ kind, text }: Token, keyword: string): boolean {
  return kind === 'keyword' && text === keyword;
}
