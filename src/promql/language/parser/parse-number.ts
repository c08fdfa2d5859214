// Parsing of number and duration tokens.

import { PromfedError, parseDuration } from '../../../model/index.js';
import { parseNumber } from '../lexer/literals.js';
import { quote } from '../printer/quote.js';
import type { TokenStream } from './token-stream.js';
import type { Token } from '../lexer/tokens.js';

/** The value of a number or duration token. */
export interface NumberToken {
  /** In seconds when the token is a duration. */
  readonly value: number;
  readonly duration: boolean;
}

/** Takes the next token, which must be a number or a duration. */
export function takeNumber(tokens: TokenStream): NumberToken {
  const { kind } = tokens.peek();
  if (kind !== 'number' && kind !== 'duration') throw tokens.unexpected();
  const token = tokens.take();
  return kind === 'duration'
    ? { value: durationSeconds(tokens, token), duration: true }
    : { value: numberValue(tokens, token), duration: false };
}

/** Takes a number or duration token with an optional sign. */
export function takeSignedNumber(tokens: TokenStream): number {
  const { kind } = tokens.peek();
  if (kind === '+' || kind === '-') tokens.take();
  const { value } = takeNumber(tokens);
  return kind === '-' ? -value : value;
}

function numberValue(tokens: TokenStream, token: Token): number {
  const result = parseNumber(token.text);
  if ('value' in result) return result.value;
  const cause = `strconv.ParseFloat: parsing ${quote(token.text)}: ${result.problem}`;
  throw tokens.error(tokens.position(token), `error parsing number: ${cause}`);
}

function durationSeconds(tokens: TokenStream, token: Token): number {
  try {
    const ms = parseDuration(token.text);
    // The sum that Go's Duration.Seconds computes. It can differ from ms / 1000 in the last bit.
    const rest = ms % 1000;
    return (ms - rest) / 1000 + rest / 1000;
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    throw tokens.error(tokens.position(token), tryUnknownUnit(token.text) ?? error.message);
  }
}

const UNITS: ReadonlySet<string> = new Set(['y', 'w', 'd', 'h', 'm', 's', 'ms']);

/**
 * Returns the error text for an unknown unit. Returns undefined when all units are known: the duration is then out of
 * range, or its units are out of order.
 */
function tryUnknownUnit(duration: string): string | undefined {
  const unit = duration.match(/[a-z]+/g)?.find((candidate) => !UNITS.has(candidate));
  return unit === undefined ? undefined : `unknown unit ${quote(unit)} in duration ${quote(duration)}`;
}
