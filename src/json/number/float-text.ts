// Parses floats as the HTTP API prints them.

const FLOAT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** Returns the float nearest to the text; undefined when the text is not a float. */
export function tryFloatText(text: string): number | undefined {
  if (FLOAT.test(text)) return Number(text);
  switch (text) {
    case 'NaN':
      return NaN;
    case '+Inf':
    case 'Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    default:
      return undefined;
  }
}
