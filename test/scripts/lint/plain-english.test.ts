// The lint rules for the language of comments and texts.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Linter, type ESLint } from 'eslint';
import t from 'tap';

const file = pathToFileURL(resolve('scripts/lint/plain-english.mjs')).href;
const { plainEnglish } = (await import(file)) as { plainEnglish: ESLint.Plugin };
const linter = new Linter();

/** The messages for a piece of code that is not at the start of a file. */
function messagesFor(code: string): string[] {
  const messages = linter.verify(`export {};\n\n${code}\n`, {
    plugins: { 'plain-english': plainEnglish },
    rules: { 'plain-english/comments': 'error', 'plain-english/texts': 'error' },
  });
  return messages.map(({ message }) => message);
}

const ACCEPTED: readonly { name: string; code: string }[] = [
  { name: 'a noun phrase', code: '// Bytes reserved for every admitted request.' },
  { name: 'a verb', code: '/** Returns the number of leading digits. */' },
  { name: 'an opening word within a sentence', code: '// Names of what is sent.' },
  { name: 'a word that begins like a bad opening', code: '// Ascending order. Offsets follow.' },
  { name: 'there is no', code: '// Rejects when there is no target.' },
  { name: 'there are none', code: '/** Undefined when there are none. */' },
  { name: 'no longer', code: '// Drops a target that is no longer listed.' },
  { name: 'a source of any length', code: `/**\n * Reads.\n *\n * Source: ${'a file. '.repeat(20)}\n */` },
  {
    name: 'tags of any length',
    code: `/**\n * Reads.\n *\n * @throws Error ${'when it is late. '.repeat(4)}\n *   ${'Or later. '.repeat(4)}\n */`,
  },
  { name: 'comments after code', code: 'const a = 1; // One.\nconst b = 2; // Two.' },
  { name: 'an error text', code: 'new PromfedError(\'upstream\', `server group "${name}": timed out`);' },
  { name: 'a name first', code: "new Error('HTTP 503');\nnew Error('VictoriaMetrics: no data');" },
  { name: 'an ellipsis', code: "new Error('and more...');" },
  { name: 'a text of Prometheus', code: "// Prometheus' text\nnew Error('Unexpected end.');" },
  { name: 'a constant log message', code: "log.warn({ group }, 'upstream request failed');" },
  { name: 'a method of another object', code: "console.error('Usage: test.');" },
];
for (const { name, code } of ACCEPTED) {
  t.test(`accepts ${name}`, async (t) => {
    t.strictSame(messagesFor(code), []);
  });
}

const REJECTED: readonly { name: string; code: string; expected: RegExp }[] = [
  {
    name: 'a bad opening of a member',
    code: 'class A {\n  /** Of an object. */\n  a = 1;\n}',
    expected: /^comment starts with "Of"/,
  },
  {
    name: 'a bad opening in lower case',
    code: 'const a = 1; // as above',
    expected: /^comment starts with "as"/,
  },
  {
    name: 'a banned phrase',
    code: '// A label that is none.',
    expected: /contains "is none"; use "is not a"/,
  },
  {
    name: 'a banned phrase across lines',
    code: '// A value that is\n// none.',
    expected: /contains "is none"/,
  },
  {
    name: 'a banned phrase in a tag',
    code: '/** Reads.\n * @param log receives what was told. */',
    expected: /contains "told"/,
  },
  {
    name: 'a long comment',
    code: `// ${'One more. '.repeat(5)}`,
    expected: /has 5 sentences; the limit is 4/,
  },
  {
    name: 'a long docstring',
    code: `/** ${'One more. '.repeat(7)}*/`,
    expected: /has 7 sentences; the limit is 6/,
  },
  {
    name: 'a very long sentence',
    code: `// ${'x'.repeat(401)}`,
    expected: /has 401 characters; the limit is 400/,
  },
  {
    name: 'a full stop',
    code: "new PromfedError('limit', 'too many.');",
    expected: /^error text ends with a full stop/,
  },
  { name: 'a capital letter', code: "new Error('Too many');", expected: /starts with a capital letter/ },
  {
    name: 'a concatenated text',
    code: "new Error('a label ' + name + ' is none');",
    expected: /contains "is none"/,
  },
  { name: 'a log message with values', code: 'log.info({}, `loaded ${name}`);', expected: /not constant/ },
  {
    name: 'a log message',
    code: "context.log.warn({}, 'the old one goes on');",
    expected: /^log message contains/,
  },
  {
    name: 'a test name',
    code: "t.test('the caller is asked', () => 1);",
    expected: /^test name contains "asked"/,
  },
  {
    name: 'a bad opening of a test name',
    code: "t.test('what is left is sent', () => 1);",
    expected: /^test name starts with "what"/,
  },
  ...['What', 'Whether', 'Of', 'So many', 'As', 'Whoever', 'Nobody', 'How many'].flatMap((opening) => [
    {
      name: `a comment that starts with ${opening}`,
      code: `// ${opening} bytes.`,
      expected: new RegExp(`^comment starts with "${opening}"`),
    },
    {
      name: `a docstring that starts with ${opening}`,
      code: `/**\n * ${opening} bytes.\n */`,
      expected: new RegExp(`^comment starts with "${opening}"`),
    },
  ]),
];
for (const { name, code, expected } of REJECTED) {
  t.test(`rejects ${name}`, async (t) => {
    const messages = messagesFor(code);
    t.equal(messages.length, 1, messages.join('\n'));
    t.match(messages[0], expected);
  });
}

t.test('the comment at the start of a file has no limit', async (t) => {
  const messages = linter.verify(`// ${'One more. '.repeat(20)}\n`, {
    plugins: { 'plain-english': plainEnglish },
    rules: { 'plain-english/comments': 'error' },
  });
  t.strictSame(messages, []);
});
