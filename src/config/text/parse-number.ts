// Numbers and times of unit tests.

import { PromfedError, tryParseFloat, tryParseTime } from '../../model/index.js';

/** Parses a number of YAML: `.inf`, `.nan`, integers and floats. @throws PromfedError `bad_data` */
export function parseYamlNumber(text: string): number {
  const value = tryParseFloat(text.replace(/^([+-]?)\.(inf|nan)$/i, '$1$2')) ?? tryParseInteger(text);
  if (value === undefined) throw new PromfedError('bad_data', `not a number: "${text.slice(0, 100)}"`);
  return value;
}

function tryParseInteger(text: string): number | undefined {
  const digits = text.replaceAll('_', '');
  return /^[+-]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)$/.test(digits)
    ? Number(digits.replace(/^[+-]/, '')) * (digits.startsWith('-') ? -1 : 1)
    : undefined;
}

/** Parses RFC 3339 or seconds since the epoch to milliseconds. @throws PromfedError `bad_data` */
export function parseTestTime(text: string): number {
  const timeMs = tryParseTime(text);
  if (timeMs === undefined) throw new PromfedError('bad_data', `not a time: "${text.slice(0, 100)}"`);
  return timeMs;
}
