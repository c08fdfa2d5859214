// Texts from a configuration quoted for messages.

const MAX_LENGTH = 100;

/** The text in double quotes, cut to 100 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text);
}

/**
 * A key in double quotes. It is cut before the first character that no key of the schema contains: without the space
 * after its colon, a value is part of the key, and it may be a secret.
 */
export function quoteKey(key: string): string {
  const safe = /^[\w.-]*/.exec(key)![0];
  return safe === key ? quote(key) : quote(`${safe.slice(0, MAX_LENGTH)}…`);
}
