// promfed's test scripts cover all of PromQL.

import { readFileSync } from 'node:fs';

import t from 'tap';

import { SIGNATURES } from '../../../src/promql/functions/index.js';
import type { BinaryOp } from '../../../src/promql/language/index.js';
import { AGGREGATE_PARAMETERS } from '../../../src/promql/language/operators.js';
import { constructsOf } from '../../helpers/promqltest/constructs.js';
import { ownScripts } from '../../helpers/promqltest/own-scripts.js';
import { parseScript } from '../../helpers/promqltest/parse-script.js';

/** All operators: the type requires each of them. */
const OPERATORS: Readonly<Record<BinaryOp, true>> = {
  '+': true,
  '-': true,
  '*': true,
  '/': true,
  '%': true,
  '^': true,
  atan2: true,
  '==': true,
  '!=': true,
  '<': true,
  '<=': true,
  '>': true,
  '>=': true,
  '</': true,
  '>/': true,
  and: true,
  or: true,
  unless: true,
};

const MODIFIERS = [
  ...[
    'by',
    'without',
    'bool',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'fill',
    'fill_left',
    'fill_right',
  ],
  ...['offset', '@', '@ start()', '@ end()', 'anchored', 'smoothed'],
  ...['a matcher =', 'a matcher !=', 'a matcher =~', 'a matcher !~'],
  ...['a subquery', 'a subquery of default steps', 'a duration as a number', 'unary -', 'unary +'],
  ...['+', '-', '*', '/', '%', '^', 'unary -', 'step()', 'range()', 'min_of()', 'max_of()'].map(
    (name) => `duration ${name}`,
  ),
];

t.test('the scripts have a result of every function, aggregation, operator and modifier', async (t) => {
  const withResults = ownScripts().flatMap((path) =>
    parseScript(readFileSync(path, 'utf8')).filter(
      ({ expected, expectations }) =>
        expected.length > 0 || expectations.some(({ kind }) => kind === 'string'),
    ),
  );
  const covered = new Set(withResults.flatMap(({ expr }) => [...constructsOf(expr)]));
  const constructs = [
    ...[...SIGNATURES.keys()].map((name) => `${name}()`),
    ...Object.keys(AGGREGATE_PARAMETERS),
    ...Object.keys(OPERATORS),
    ...MODIFIERS,
  ];
  t.same(
    constructs.filter((name) => !covered.has(name)),
    [],
  );
  t.comment(`${covered.size} constructs in ${withResults.length} evaluations with a result`);
});

t.test('the scripts cover the functions and aggregations of native histograms', (t) => {
  const onHistograms = ownScripts().flatMap((path) =>
    parseScript(readFileSync(path, 'utf8')).filter(({ series }) =>
      [...series.values()].some(({ samples }) =>
        [...samples.values()].some((sample) => typeof sample === 'object'),
      ),
    ),
  );
  const covered = new Set(onHistograms.flatMap(({ expr }) => [...constructsOf(expr)]));
  const histogramFunctions = [...SIGNATURES.keys()].filter((name) => name.startsWith('histogram_'));
  const rangeFunctions = [...SIGNATURES.values()].filter(({ args }) => args.includes('matrix'));
  const constructs = [
    ...[...histogramFunctions, ...rangeFunctions.map(({ name }) => name)].map((name) => `${name}()`),
    ...Object.keys(AGGREGATE_PARAMETERS),
  ];
  t.same(
    constructs.filter((name) => !covered.has(name)),
    [],
  );
  t.end();
});
