// Parsing of the vector matching of binary operations, and of lists of label names.

import type { VectorMatching } from '../ast.js';
import { takeSignedNumber } from './parse-number.js';
import { quote } from '../printer/quote.js';
import type { TokenStream } from './token-stream.js';
import { isLabelName, startsExpression, type TokenKind } from '../lexer/tokens.js';

/**
 * Parses the optional modifiers between a binary operator and its right side:
 * `[on|ignoring (…)] [group_left|group_right (…)] [fill (…)]`.
 */
export function parseMatching(tokens: TokenStream): VectorMatching {
  let card: VectorMatching['card'] = 'one-to-one';
  let labels: readonly string[] = [];
  let include: readonly string[] = [];
  const on = tokens.peek().kind === 'on';
  if (on || tokens.peek().kind === 'ignoring') {
    tokens.take();
    labels = parseLabelNames(tokens);
    const side = tokens.peek().kind;
    if (side === 'group_left' || side === 'group_right') {
      tokens.take();
      card = side === 'group_left' ? 'many-to-one' : 'one-to-many';
      const next = tokens.peek().kind;
      if (next === '(' || !(startsExpression(next) || isFill(next))) include = parseLabelNames(tokens);
    }
  }
  return { card, labels, on, include, fill: parseFill(tokens) };
}

function isFill(kind: TokenKind): boolean {
  return kind === 'fill' || kind === 'fill_left' || kind === 'fill_right';
}

function parseFill(tokens: TokenStream): VectorMatching['fill'] {
  let lhs: number | undefined;
  let rhs: number | undefined;
  const first = tokens.peek().kind;
  if (first === 'fill') {
    lhs = rhs = parseFillValue(tokens);
  } else if (first === 'fill_left') {
    lhs = parseFillValue(tokens);
    if (tokens.peek().kind === 'fill_right') rhs = parseFillValue(tokens);
  } else if (first === 'fill_right') {
    rhs = parseFillValue(tokens);
    if (tokens.peek().kind === 'fill_left') lhs = parseFillValue(tokens);
  }
  return { lhs, rhs };
}

function parseFillValue(tokens: TokenStream): number {
  tokens.take();
  tokens.expect('(');
  const value = takeSignedNumber(tokens);
  tokens.expect(')');
  return value;
}

/** Parses label names in parentheses: `(a, "b.c")`. A trailing comma is allowed. */
export function parseLabelNames(tokens: TokenStream): readonly string[] {
  tokens.expect('(', 'grouping opts', '"("');
  const names: string[] = [];
  while (tokens.tryTake(')') === undefined) {
    names.push(parseLabelName(tokens));
    if (tokens.peek().kind === ')') continue;
    tokens.expect(',', 'grouping opts', '"," or ")"');
  }
  return names;
}

function parseLabelName(tokens: TokenStream): string {
  const token = tokens.peek();
  if (token.kind !== 'string' && !isLabelName(token.kind)) throw tokens.unexpected('grouping opts', 'label');
  tokens.countNode();
  tokens.take();
  const name = token.kind === 'string' ? tokens.unquote(token) : token.text;
  if (name === '') {
    throw tokens.error(tokens.position(token), `invalid label name for grouping: ${quote(name)}`);
  }
  return name;
}
