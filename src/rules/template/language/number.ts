// Number constants: the types that a constant can have. Source: Go, text/template/parse/node.go (`newNumber`).

import { PromfedError } from '../../../model/index.js';
import { quoteString } from '../format/quote.js';
import { parseGoFloat } from './float.js';
import { tryUnquoteChar } from './unquote.js';

/** A constant, with its value as each type that can hold it. */
export interface NumberConstant {
  readonly text: string;
  /** Value of the type int64. */
  readonly int: bigint | undefined;
  /** Value of the type uint64. */
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
}

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);
const MAX_UINT = 2n ** 64n - 1n;

/**
 * Parses a number or a character constant.
 *
 * @throws PromfedError `bad_data` with Go's text, without a position.
 */
export function parseNumber(text: string): NumberConstant {
  if (text.startsWith("'")) return parseChar(text);
  if (text.endsWith('i')) throw new PromfedError('bad_data', `complex numbers are not supported: ${text}`);
  const integer = tryInteger(text);
  let int = integer !== undefined && integer >= MIN_INT && integer <= MAX_INT ? integer : undefined;
  let uint =
    integer !== undefined && integer >= 0n && integer <= MAX_UINT && !/^[+-]/.test(text)
      ? integer
      : undefined;
  if (int === 0n) uint = 0n;
  let float: number | undefined;
  if (int !== undefined) float = Number(int);
  else if (uint !== undefined) float = Number(uint);
  else {
    float = parseGoFloat(text);
    if (float !== undefined && !/[.eEpP]/.test(text)) {
      throw new PromfedError('bad_data', `integer overflow: ${quoteString(text)}`);
    }
    if (float !== undefined && Number.isInteger(float)) {
      const whole = BigInt(float);
      if (whole >= MIN_INT && whole <= MAX_INT) int = whole;
      if (whole >= 0n && whole <= MAX_UINT) uint = whole;
    }
  }
  if (int === undefined && uint === undefined && float === undefined) {
    throw new PromfedError('bad_data', `illegal number syntax: ${quoteString(text)}`);
  }
  return { text, int, uint, float };
}

function parseChar(text: string): NumberConstant {
  const { code, isWhole } = tryUnquoteChar(text) ?? { code: undefined, isWhole: false };
  if (code === undefined) throw new PromfedError('bad_data', 'invalid syntax');
  if (!isWhole) throw new PromfedError('bad_data', `malformed character constant: ${text}`);
  return { text, int: BigInt(code), uint: BigInt(code), float: code };
}

/** Parses an integer of base 10, 2, 8 or 16 with a sign and underscores. */
function tryInteger(text: string): bigint | undefined {
  const match = /^([+-]?)(0[xX]_?[0-9a-fA-F]|0[bB]_?[01]|0[oO]?_?[0-7]|[1-9]|0$)((?:_?[0-9a-fA-F])*)$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, sign, start, rest] = match;
  const digits = (start! + rest!).replaceAll('_', '');
  const isOctal = /^0[0-9]/.test(digits);
  if (
    isOctal ? !/^[0-7]+$/.test(digits) : !/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|[0-9]+)$/.test(digits)
  ) {
    return undefined;
  }
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits.toLowerCase());
  return sign === '-' ? -value : value;
}
