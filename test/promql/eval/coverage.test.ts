// Our own test scripts have a case for everything that PromQL has.

import { readFileSync } from 'node:fs';

import t from 'tap';

import { instantGrid, Labels, PromfedError } from '../../../src/model/index.js';
import { SIGNATURES } from '../../../src/promql/functions/index.js';
import { AGGREGATE_PARAMETERS, type BinaryOp } from '../../../src/promql/language/index.js';

import { constructsOf } from './constructs.js';
import { ownScripts } from './own-scripts.js';
import { parseScript } from './parse-script.js';
import { evaluateText } from './script.js';

/** Complete by its type. */
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

/** What may be without a case for as long as it is not evaluated, with a query that has it. */
const UNTIL_BUILT: ReadonlyMap<string, string> = new Map([
  ['</', 'm </ 1'],
  ['>/', 'm >/ 1'],
]);

t.test('our scripts have a case for every function, aggregation, operator and modifier', async (t) => {
  const succeeding = ownScripts().flatMap((path) =>
    parseScript(readFileSync(path, 'utf8')).filter(
      ({ expectations }) => !expectations.some(({ kind }) => kind === 'fail'),
    ),
  );
  const covered = new Set(succeeding.flatMap(({ expr }) => [...constructsOf(expr)]));
  const wanted = [
    ...[...SIGNATURES.keys()].map((name) => `${name}()`),
    ...Object.keys(AGGREGATE_PARAMETERS),
    ...Object.keys(OPERATORS),
    ...MODIFIERS,
  ];
  const missing: string[] = [];
  for (const name of wanted) {
    if (!covered.has(name) && !(await isNotBuilt(UNTIL_BUILT.get(name)))) missing.push(name);
  }
  t.same(missing, []);
  t.comment(`${covered.size} constructs in ${succeeding.length} evaluations that succeed`);
});

t.test('our scripts have functions and aggregations of native histograms that succeed', (t) => {
  const onHistograms = ownScripts().flatMap((path) =>
    parseScript(readFileSync(path, 'utf8')).filter(({ series }) =>
      [...series.values()].some(({ samples }) =>
        [...samples.values()].some((sample) => typeof sample === 'object'),
      ),
    ),
  );
  const covered = new Set(onHistograms.flatMap(({ expr }) => [...constructsOf(expr)]));
  const ofHistograms = [...SIGNATURES.keys()].filter((name) => name.startsWith('histogram_'));
  const ranges = [...SIGNATURES.values()].filter(({ args }) => args.includes('matrix'));
  const wanted = [
    ...[...ofHistograms, ...ranges.map(({ name }) => name)].map((name) => `${name}()`),
    ...Object.keys(AGGREGATE_PARAMETERS),
  ];
  t.same(
    wanted.filter((name) => !covered.has(name)),
    [],
  );
  t.end();
});

async function isNotBuilt(query: string | undefined): Promise<boolean> {
  if (query === undefined) return false;
  const series = {
    labels: Labels.of([['__name__', 'm']]),
    timestamps: Float64Array.of(0),
    values: Float64Array.of(1),
    stale: Uint8Array.of(0),
  };
  try {
    await evaluateText(query, instantGrid(0), [series]);
    return false;
  } catch (error) {
    return error instanceof PromfedError && error.code === 'unsupported';
  }
}
