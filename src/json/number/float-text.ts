// A float as the HTTP API prints it, from its text.

const FLOAT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** Exactly rounded; undefined when the text is none. */
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
