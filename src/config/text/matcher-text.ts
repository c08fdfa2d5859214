// Label matchers as PromQL writes them between the braces of a selector, in the configuration.

import { compileMatcher, PromfedError, type Matcher } from '../../model/index.js';

const SPACE = /\s*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;
const TEXT = /"((?:[^"\\\n]|\\[^\n])*)"|'((?:[^'\\\n]|\\[^\n])*)'|`([^`]*)`/y;
const ESCAPE =
  /\\(?:x([0-7][0-9a-fA-F])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|([abfnrtv\\'"])|([^]))/g;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * One or more matchers, parted by commas: `cluster="A"`, `region=~"us-.*"`.
 *
 * Source: promxy, pkg/servergroup/config.go (`GetInjectMatchers`), which parses them as a selector.
 *
 * @throws PromfedError `bad_data` that says what is wrong.
 */
export function parseMatchersText(text: string): readonly Matcher[] {
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    SPACE.lastIndex = position;
    SPACE.exec(text);
    pattern.lastIndex = SPACE.lastIndex;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    position = pattern.lastIndex;
    return found;
  };
  const fail = (wanted: string): never => {
    const rest = text.slice(position).trim();
    const found = rest === '' ? 'the end' : shown(rest);
    throw new PromfedError(
      'bad_data',
      `${shown(text)} is no list of matchers: ${wanted} expected before ${found}`,
    );
  };
  const matchers: Matcher[] = [];
  do {
    const bare = take(LABEL);
    const name = bare === undefined ? textOf(take(TEXT) ?? fail('a label name')) : bare[0];
    if (name === '') throw new PromfedError('bad_data', 'a label name must not be empty');
    const op = (take(OPERATOR) ?? fail('one of = != =~ !~'))[0] as Matcher['op'];
    const value = textOf(take(TEXT) ?? fail('a text in quotes'));
    const matcher = { name, op, value };
    compileMatcher(matcher);
    matchers.push(matcher);
  } while (take(/,/y) !== undefined);
  if (text.slice(position).trim() !== '') fail('a comma');
  return matchers;
}

/** What a text in quotes stands for. */
function textOf([, double, single, raw]: RegExpExecArray): string {
  if (raw !== undefined) return raw;
  const body = (double ?? single)!;
  return body.replace(ESCAPE, (escape: string, ...groups: (string | undefined)[]) => {
    const [byte, short, long, octal, simple] = groups;
    if (simple !== undefined) return SIMPLE_ESCAPES[simple] ?? simple;
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    const code = parseInt(byte ?? short ?? long ?? '', 16);
    // Of a wrong one, and of what is no character: halves of surrogate pairs, and what is beyond the last.
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff))
      throw new PromfedError(
        'bad_data',
        `${shown(body)} has an escape that stands for no character: ${shown(escape)}`,
      );
    return String.fromCodePoint(code);
  });
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
