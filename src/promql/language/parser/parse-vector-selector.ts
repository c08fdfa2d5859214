// Parsing of vector selectors: a metric name, matchers, or both.

import { METRIC_NAME, PromfedError, compileAnchored, type Matcher } from '../../../model/index.js';
import type { Position, VectorSelector } from '../ast.js';
import type { TokenStream } from './token-stream.js';
import type { Token } from '../lexer/tokens.js';

/** Parses the optional matchers after a metric name that has been taken, or the matchers of a nameless selector. */
export function parseVectorSelector(tokens: TokenStream, name: Token | undefined): VectorSelector {
  const start = tokens.position(name ?? tokens.peek()).start;
  const matchers = tokens.tryTake('{') === undefined ? [] : parseMatcherList(tokens, '}');
  if (name !== undefined) matchers.push({ name: METRIC_NAME, op: '=', value: name.text });
  return {
    kind: 'vectorSelector',
    name: name?.text ?? '',
    matchers,
    offset: undefined,
    at: undefined,
    extension: undefined,
    position: tokens.positionFrom(start),
  };
}

/** Parses matchers separated by commas up to the closing token, and takes it. A trailing comma is allowed. */
export function parseMatcherList(tokens: TokenStream, closing: '}' | 'end of input'): Matcher[] {
  const end = closing === '}' ? '"}"' : closing;
  const matchers: Matcher[] = [];
  while (tokens.tryTake(closing) === undefined) {
    matchers.push(parseMatcher(tokens, end));
    if (tokens.peek().kind === closing) continue;
    tokens.expect(',', 'label matching', `"," or ${end}`);
  }
  return matchers;
}

/** `end` names the end of the list in errors. */
function parseMatcher(tokens: TokenStream, end: string): Matcher {
  const label = tokens.peek();
  if (label.kind !== 'identifier' && label.kind !== 'string') {
    throw tokens.unexpected('label matching', `identifier or ${end}`);
  }
  tokens.countNode();
  tokens.take();
  const quoted = label.kind === 'string' ? tokens.unquote(label) : undefined;
  const { kind: op } = tokens.peek();
  if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~') {
    if (quoted === undefined) throw tokens.unexpected('label matching', 'label matching operator');
    // A quoted string without an operator is the metric name.
    return { name: METRIC_NAME, op: '=', value: quoted };
  }
  tokens.take();
  const value = tokens.expect('string', 'label matching', 'string');
  const matcher: Matcher = { name: quoted ?? label.text, op, value: tokens.unquote(value) };
  const position = { start: tokens.position(label).start, end: tokens.position(value).end };
  checkPattern(tokens, matcher, position);
  return matcher;
}

function checkPattern(tokens: TokenStream, matcher: Matcher, position: Position): void {
  if (matcher.op === '=' || matcher.op === '!=') return;
  let instructions: number;
  try {
    ({ instructions } = compileAnchored(matcher.value));
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    throw tokens.error(position, error.message);
  }
  tokens.countPattern(instructions, position);
}
