// Floats in the syntax of Go.

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** Groups: sign, digits before and after the point, exponent. */
const HEXADECIMAL = /^([+-]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))[pP]([+-]?[0-9]+)$/;

const DECIMAL_SEPARATOR = /(?<=[0-9])_(?=[0-9])/g;
const HEXADECIMAL_SEPARATOR = /(?<=[0-9a-fA-F]|^[+-]?0[xX])_(?=[0-9a-fA-F])/g;

/**
 * Parses a decimal or hexadecimal float, an infinity or NaN. Underscores may separate digits. Returns undefined for any
 * other text, and for a number that overflows.
 *
 * Source: Go, strconv (`ParseFloat`).
 */
export function tryParseFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) return finite(Number(text));
  if (text.includes('_')) {
    const isHexadecimal = /^[+-]?0[xX]/.test(text);
    const plain = text.replace(isHexadecimal ? HEXADECIMAL_SEPARATOR : DECIMAL_SEPARATOR, '');
    return plain.includes('_') ? undefined : tryParseFloat(plain);
  }
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) return finite(hexadecimalValue(hexadecimal));
  switch (text.toLowerCase()) {
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Infinity;
    case '-inf':
    case '-infinity':
      return -Infinity;
    case 'nan':
      return NaN;
    default:
      return undefined;
  }
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function hexadecimalValue([, sign, whole = '', fraction = '', onlyFraction = '', exponent]: RegExpExecArray) {
  const digits = fraction + onlyFraction;
  const mantissa = Number(BigInt(`0x${whole}${digits}`));
  const value = mantissa === 0 ? 0 : scale(mantissa, Number(exponent) - 4 * digits.length);
  return sign === '-' ? -value : value;
}

/** Returns `mantissa * 2^exponent`, also where the power alone would overflow or underflow. */
function scale(mantissa: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return mantissa * 2 ** half * 2 ** (exponent - half);
}
