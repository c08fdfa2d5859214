// Label patterns, compared with a real Prometheus: it rejects the same patterns and matches the same values.

import fc from 'fast-check';
import t from 'tap';

import { compileMatcher } from '../../src/model/index.js';
import type { Expr } from '../../src/promql/language/index.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import { printExpr } from '../../src/promql/language/index.js';

const skip = withoutRealServers();
const NOW_MS = Date.UTC(2026, 5, 1, 12);
const position = { start: 0, end: 0 };
const seed = randomSeed();

const VALUES = [
  ...['a', 'b', 'ab', 'ba', 'aa', 'aab', 'foo', 'FOO', 'Foo', 'xfoo', 'foox', 'foo\n', '\nfoo', 'foo.bar'],
  ...[
    '|',
    'a|b',
    '\\',
    '-',
    '.',
    '^',
    '$',
    '(',
    ' ',
    '\n',
    '\t',
    '1',
    '12',
    '10.0.0.1:80',
    'x_y',
    'é',
    'É',
    'ß',
    'ẞ',
  ],
  ...[
    'k',
    'K',
    '\u212a',
    's',
    'S',
    'ſ',
    'σ',
    'ς',
    'Σ',
    '😀',
    '😀a',
    '日本',
    'İ',
    'ı',
    'i',
    'I',
    '\u0301',
    '\u00a0',
    '\u2028',
  ],
];

const PIECES = [
  ...[
    'a',
    'b',
    'foo',
    'k',
    's',
    'σ',
    'ß',
    'i',
    'é',
    '😀',
    '1',
    ' ',
    '\n',
    '|',
    '|',
    '(',
    ')',
    '(?:',
    '(?i)',
    '(?i:',
    '(?s)',
  ],
  ...[
    '(?-s)',
    '(?m)',
    '(?U)',
    '(?P<n>',
    '(?<n>',
    '.',
    '.*',
    '.+',
    '.*?',
    '*',
    '+',
    '?',
    '{2}',
    '{0,1}',
    '{1,}',
    '{,2}',
    '^',
    '$',
  ],
  ...[
    '\\A',
    '\\z',
    '\\b',
    '\\B',
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\pL',
    '\\PL',
    '\\p{Lu}',
    '\\p{Greek}',
    '\\p{^Lu}',
  ],
  ...[
    '[a-f]',
    '[^a]',
    '[^a-z]',
    '[[:alpha:]]',
    '[[:^digit:]]',
    '[\\d_]',
    '[é-ü]',
    '[]a]',
    '[a-]',
    '[^\\n]',
    '\\.',
    '\\|',
    '\\\\',
  ],
  ...[
    '\\-',
    '\\n',
    '\\t',
    '\\x41',
    '\\x{1F600}',
    '\\141',
    '\\Q.\\E',
    '\\Q|',
    '\\E',
    '\\C',
    '\\_',
    '\\ ',
    '\\u0041',
    '\\1',
    '\\8',
    '\\ca',
  ],
];
const pattern = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 })
  .map((list) => list.join(''));

/** Patterns that promfed's engine rejects and Go accepts: duplicate group names and `\Q` without `\E`. */
const KNOWN_DIFFERENCES = /\(\?P?<n>.*\(\?P?<n>|\\Q/s;

t.test(`patterns have the matches of Prometheus (seed ${seed})`, { skip }, async (t) => {
  const prometheus = await startPrometheus(t);
  const series = ['', ...VALUES].map((v, i) => ({
    labels: { __name__: 'x', n: String(i), ...(v === '' ? {} : { v }) },
    timestamps: [NOW_MS],
    values: [i],
  }));
  await importIntoPrometheus(prometheus.url, series);
  const matchesOfPrometheus = async (value: string): Promise<string> => {
    const expr: Expr = {
      kind: 'vectorSelector',
      name: 'x',
      matchers: [
        { name: 'v', op: '=~', value },
        { name: '__name__', op: '=', value: 'x' },
      ],
      offset: undefined,
      at: undefined,
      extension: undefined,
      position,
    };
    const body = new URLSearchParams({ query: printExpr(expr), time: String(NOW_MS / 1000) });
    const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body });
    const answer = (await response.json()) as {
      error?: string;
      data?: { result: { metric: { v?: string } }[] };
    };
    if (answer.data === undefined)
      return `rejected: ${/parse error: (.*)$/s.exec(answer.error ?? '')?.[1] ?? ''}`;
    return JSON.stringify(answer.data.result.map(({ metric }) => metric.v ?? '').sort());
  };
  const matchesOfPromfed = (value: string): string => {
    try {
      return JSON.stringify(['', ...VALUES].filter(compileMatcher({ name: 'v', op: '=~', value })).sort());
    } catch (error) {
      return `rejected: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  const patterns = fc.sample(pattern, { numRuns: randomRuns(300), seed });
  const problems: unknown[] = [];
  for (const value of patterns) {
    if (KNOWN_DIFFERENCES.test(value)) continue;
    const [actual, expected] = [matchesOfPromfed(value), await matchesOfPrometheus(value)];
    if (actual !== expected) problems.push({ pattern: value, actual, expected });
  }
  t.strictSame(problems, []);
});
