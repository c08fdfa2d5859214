// Decimal forms of floats, rounded half to even from the exact value. Source: Go, strconv (`FormatFloat`).

/** Digits `d1 d2 d3 …` of a number `0.d1d2d3… × 10^point`. Without trailing zeros; zero has no digits. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/**
 * Formats a finite float like Go's `%e`, `%f` or `%g`.
 *
 * @param precision digits after the point, significant digits for `g`; -1: the fewest digits that identify the float.
 */
export function formatDecimal(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  const isShortest = precision < 0;
  const decimal = isShortest
    ? shortest(magnitude)
    : (tryNative(magnitude, verb, precision) ?? rounded(exact(magnitude), verb, precision));
  const { digits, point } = decimal;
  switch (verb) {
    case 'e':
      return sign + scientific(decimal, isShortest ? Math.max(digits.length - 1, 0) : precision);
    case 'f':
      return sign + plain(decimal, isShortest ? Math.max(digits.length - point, 0) : precision);
    case 'g': {
      const significant = isShortest ? 6 : precision === 0 ? 1 : precision;
      let threshold = significant;
      if (threshold > digits.length && digits.length >= point) threshold = digits.length;
      if (isShortest) threshold = 6;
      const exponent = digits === '' ? 0 : point - 1;
      if (exponent < -4 || exponent >= Math.max(threshold, 1)) {
        return sign + scientific(decimal, Math.max(digits.length - 1, 0));
      }
      return sign + plain(decimal, Math.max(digits.length - point, 0));
    }
  }
}

function scientific({ digits, point }: Decimal, precision: number): string {
  const padded = digits.padEnd(precision + 1, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${padded[0]!}${precision > 0 ? `.${padded.slice(1)}` : ''}e${exponent < 0 ? '-' : '+'}${power}`;
}

function plain({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision === 0) return whole;
  const fraction = (point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits).slice(0, precision);
  return `${whole}.${fraction.padEnd(precision, '0')}`;
}

/** The fewest digits that identify the float. */
function shortest(value: number): Decimal {
  if (value === 0) return { digits: '', point: 0 };
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

const view = new DataView(new ArrayBuffer(8));

/** Splits a positive float into `mantissa × 2^exponent`. */
export function splitFloat(value: number): { mantissa: bigint; exponent: number } {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** Largest number of digits that JavaScript formats. */
const MAX_NATIVE_DIGITS = 100;

/**
 * Rounds with JavaScript's functions, which are exact but round a tie up. Returns undefined when the float may be a tie:
 * when it has no more digits than are kept and one.
 */
function tryNative(value: number, verb: 'e' | 'f' | 'g', precision: number): Decimal | undefined {
  if (value === 0 || precision >= MAX_NATIVE_DIGITS) return undefined;
  const fraction = fractionDigits(value);
  if (verb === 'f') {
    if (fraction <= precision + 1) return undefined;
    const [whole = '', rest = ''] = value.toFixed(precision).split('.');
    const digits = whole + rest;
    const zeros = /^0*/.exec(digits)![0].length;
    return trimmed(digits.slice(zeros), whole.length - zeros);
  }
  const significant = verb === 'e' ? precision + 1 : Math.max(precision, 1);
  const [mantissa, exponent] = value.toExponential(significant - 1).split('e') as [string, string];
  // A carry makes the exponent one larger than that of the float.
  if (fraction <= Math.max(significant - Number(exponent) + 1, 0)) return undefined;
  return trimmed(mantissa.replace('.', ''), Number(exponent) + 1);
}

/** Number of digits after the decimal point of a positive float. */
function fractionDigits(value: number): number {
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const low = view.getUint32(4);
  const biased = high >>> 20;
  const mantissaHigh = (high & 0xfffff) | (biased === 0 ? 0 : 0x100000);
  const zeros = low === 0 ? 32 + trailingZeros(mantissaHigh) : trailingZeros(low);
  return Math.max(0, 1075 - Math.max(biased, 1) - zeros);
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** All digits of the float. */
function exact(value: number): Decimal {
  if (value === 0) return { digits: '', point: 0 };
  const { mantissa, exponent } = splitFloat(value);
  const digits = (
    exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent)
  ).toString();
  return { digits: digits.replace(/0+$/, ''), point: digits.length + Math.min(exponent, 0) };
}

function rounded(decimal: Decimal, verb: 'e' | 'f' | 'g', precision: number): Decimal {
  const { digits, point } = decimal;
  const kept = verb === 'e' ? precision + 1 : verb === 'f' ? point + precision : Math.max(precision, 1);
  if (kept >= digits.length) return decimal;
  if (kept < 0) return { digits: '', point: 0 };
  const rest = digits.slice(kept);
  const isOdd = kept > 0 && Number(digits[kept - 1]) % 2 === 1;
  const isUp = rest[0]! > '5' || (rest.startsWith('5') && (rest.length > 1 || isOdd));
  const head = digits.slice(0, kept);
  if (!isUp) return trimmed(head, point);
  const next = (BigInt(`0${head}`) + 1n).toString();
  // A carry adds a digit; without any head the result is 1.
  return trimmed(next.padStart(kept, '0'), point + (next.length > kept ? 1 : 0));
}

function trimmed(digits: string, point: number): Decimal {
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? { digits: '', point: 0 } : { digits: significant, point };
}
