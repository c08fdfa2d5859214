// Strings with a verb. Source: Go, fmt/format.go.

import type { Flags } from './flags.js';
import { canBackquote, quoteString } from './quote.js';

/** Formats a string; undefined when strings lack the verb. */
export function tryFormatString(text: string, verb: string, flags: Flags): string | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV
        ? flags.pad(quoted(truncated(text, flags), flags))
        : flags.pad(truncated(text, flags));
    case 's':
      return flags.pad(truncated(text, flags));
    case 'q':
      return flags.pad(quoted(truncated(text, flags), flags));
    case 'x':
    case 'X':
      return hexadecimal(text, verb, flags);
    default:
      return undefined;
  }
}

function truncated(text: string, { precision }: Flags): string {
  if (precision === undefined || text.length <= precision) return text;
  return Array.from(text).slice(0, precision).join('');
}

function quoted(text: string, { sharp, sharpV, plus }: Flags): string {
  if (sharp && !sharpV && canBackquote(text)) return `\`${text}\``;
  return quoteString(text, plus);
}

function hexadecimal(text: string, verb: 'x' | 'X', flags: Flags): string {
  const all = Buffer.from(text);
  const bytes = flags.precision === undefined ? all : all.subarray(0, flags.precision);
  if (bytes.length === 0) return flags.pad('');
  const prefix = flags.sharp ? `0${verb}` : '';
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const joined = flags.space ? digits.join(` ${prefix}`) : digits.join('');
  return flags.pad(prefix + (verb === 'X' ? joined.toUpperCase() : joined));
}
