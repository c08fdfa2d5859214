// Floats in text. Source: Go, strconv (`ParseFloat`).

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/;

/** Underscores stand between digits, or between a base prefix and a digit. */
const BAD_UNDERSCORE = /(?:^|[^0-9a-fA-FxX])_|_(?![0-9a-fA-F])/;

/**
 * Parses a decimal or hexadecimal float, an infinity or NaN. Returns undefined for any other text; a number that
 * overflows is undefined too, unless `overflow` is set: then it is an infinity.
 */
export function parseGoFloat(
  text: string,
  options: { readonly overflow?: boolean } = {},
): number | undefined {
  if (BAD_UNDERSCORE.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  if (DECIMAL.test(digits)) return finite(Number(digits), options.overflow);
  const hexadecimal = HEXADECIMAL.exec(digits);
  if (hexadecimal !== null) {
    const [, sign, whole = '', fraction = '', exponent] = hexadecimal;
    if (whole + fraction === '') return undefined;
    const mantissa = Number(BigInt(`0x${whole}${fraction}`));
    const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length);
    return finite(sign === '-' ? -value : value, options.overflow);
  }
  return special(text.toLowerCase());
}

function finite(value: number, overflow = false): number | undefined {
  return Number.isFinite(value) || overflow ? value : undefined;
}

function special(text: string): number | undefined {
  const match = /^([+-]?)inf(?:inity)?$/.exec(text);
  if (match !== null) return match[1] === '-' ? -Infinity : Infinity;
  return text === 'nan' ? NaN : undefined;
}
