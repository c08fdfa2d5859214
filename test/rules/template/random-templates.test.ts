// Random templates: every one expands or fails with an error of its own, never with one of JavaScript.

import fc from 'fast-check';
import t from 'tap';

import { outcomeOf } from '../../helpers/templates/expand.js';
import { randomRuns, randomSeed } from '../../helpers/random-runs.js';

const seed = randomSeed();

const WORDS = [
  ...['{{', '}}', '{{-', ' -}}', '.', '..', '$', '$x', ':=', '=', ',', '|', '(', ')', '"', '"a"', '`', '`b`'],
  ...["'c'", '1', '-1.5', '0x', '1e400', 'if', 'else', 'end', 'range', 'with', 'define', 'template', 'block'],
  ...[
    'break',
    'continue',
    'nil',
    'true',
    'print',
    'printf',
    '"%v %d %*[1]s"',
    'len',
    'index',
    'slice',
    'eq',
    'lt',
  ],
  ...[
    'and',
    'or',
    'not',
    'call',
    'html',
    'js',
    'urlquery',
    'query',
    '"vector(1)"',
    'first',
    'value',
    'label "a"',
  ],
  ...[
    'args',
    'humanize',
    'humanizeDuration',
    'humanizeTimestamp',
    'toTime',
    'toDuration',
    'parseDuration',
    'now',
  ],
  ...[
    'reReplaceAll "a*" "$1"',
    'match "("',
    'title',
    'stripPort',
    'stripDomain',
    'sortByLabel "a"',
    '.Format "2"',
  ],
  ...[
    '.Labels',
    '.Value',
    '$labels',
    '$value',
    '.Year',
    '.x',
    '/*',
    '*/',
    '\\',
    '#',
    'é',
    '☃',
    '\n',
    '\t',
    'text',
  ],
];

const template = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom('', ' ')), { minLength: 1, maxLength: 14 })
  .chain((words) => {
    const text = words.map(([word, space]) => word + space).join('');
    return fc.constantFrom(text, `{{ ${text} }}`, `{{ ${text} }}{{ end }}`);
  });

t.test(`random templates expand or fail with an error of their own (seed ${seed})`, async (t) => {
  await fc.assert(
    fc.asyncProperty(template, async (text) => {
      await outcomeOf(text);
    }),
    { numRuns: randomRuns(3000), seed },
  );
  t.pass();
});
