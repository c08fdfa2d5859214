// Flags, width and precision of a verb, and the padding that they cause.

import { checkTextLength } from '../limits.js';

export class Flags {
  width: number | undefined;
  precision: number | undefined;
  minus = false;
  plus = false;
  sharp = false;
  space = false;
  zero = false;
  /** `%+v`. */
  plusV = false;
  /** `%#v`. */
  sharpV = false;

  /** Pads a text to the width. Width counts characters. Source: Go, fmt/format.go (`pad`). */
  pad(text: string, zero: boolean = this.zero): string {
    const { width } = this;
    if (width === undefined || width === 0) return text;
    checkTextLength(width);
    const missing = width - countChars(text);
    if (missing <= 0) return text;
    if (this.minus) return text + ' '.repeat(missing);
    return (zero ? '0' : ' ').repeat(missing) + text;
  }
}

/** Number of code points. */
function countChars(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // The second half of a surrogate pair.
    if (unit < 0xdc00 || unit > 0xdfff) count++;
  }
  return count;
}
