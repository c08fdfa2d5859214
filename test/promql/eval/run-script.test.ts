// The runner of test scripts.

import t from 'tap';

import { runScript } from '../../helpers/promqltest/run-script.js';

const LOADED = `
load 1m
  m_total{l="a"} 0+60x10
  m_total{l="b"} 5 _ _x2 stale 7
  g 1 3 2
  h {{schema:0 sum:3 count:3 buckets:[1 2]}}x2
`;

/** Runs one eval after LOADED and returns its problem. */
async function run(lines: string): Promise<string> {
  const [first] = await runScript(`${LOADED}\n${lines}`);
  return first!.problem ?? 'passed';
}

t.test('an eval with the expected result passes', async (t) => {
  const cases = [
    'eval instant at 1m g\n g 3',
    'eval instant g\n g 1',
    'eval instant at 60 g\n g 3',
    'eval instant at -1m g',
    'eval  range  from 0 to 2m step 1m g\n g 1 3 2',
    'eval range from 0 to 5m step 1m m_total{l="b"}\n m_total{l="b"} 5 5 5 5 _ 7',
    'eval instant at 0 1 + 1\n 2',
    'eval range from 0 to 1m step 1m 1 + 1\n {} 2 2',
    'eval instant at 0 "a\\nb"\n expect string "a\\nb"',
    'eval instant at 2m g[2m]\n expect range vector from 1m to 2m step 1m\n g 3 2',
    'eval instant at 0 h\n h {{schema:0 sum:3 count:3 buckets:[1 2]}}',
    'eval instant at 2m sort(m_total or g)\n expect ordered\n g 2\n m_total{l="b"} 5\n m_total{l="a"} 120',
    'eval instant at 2m rate(g[3m])\n expect info\n expect no_warn\n {} 0.027777777777777776',
    'eval instant at 2m rate(g[3m])\n expect info regex: might not be a (counter|gauge)\n {} 0.027777777777777776',
    'eval_info instant at 2m rate(g[3m])\n {} 0.027777777777777776',
    'eval_warn instant at 0 quantile(2, g)\n {} Inf',
    'eval_fail instant at 0 g + on () m_total',
    'eval_ordered instant at 0 topk(2, g)\n g 1',
    'eval_fail instant at 0 rate(g)\n expected_fail_regexp expected type range vector .*',
    'eval_fail instant at 0 1 > 2\n expected_fail_message 1:3: parse error: comparisons between scalars must use BOOL modifier',
    'eval instant at 0 1 > 2\n expect fail msg: 1:3: parse error: comparisons between scalars must use BOOL modifier',
  ];
  for (const lines of cases) t.equal(await run(lines), 'passed', lines);
});

t.test('an eval with any other result fails', async (t) => {
  const cases: readonly (readonly [lines: string, problem: RegExp])[] = [
    ['eval instant at 1m g\n g 3.00001', /^got g 3 for g 3.00001$/],
    ['eval instant at 1m g\n g{x="y"} 3', /^got/],
    ['eval instant at 1m g', /^got g 3 for $/],
    ['eval instant at 1m g\n g 3\n k 1', /^got/],
    ['eval instant at 1m g\n g NaN', /^got/],
    ['eval instant at 1m g\n g 3 4', /^invalid expectation: /],
    ['eval instant at 1m g\n g 3\n g 3', /^invalid expectation: /],
    ['eval range from 0 to 2m step 1m g\n g 1 3', /^got/],
    ['eval range from 0 to 2m step 1m g\n g 1 _ 2', /^got/],
    ['eval instant at 0 1 + 1\n 3', /^got the scalar 2$/],
    ['eval instant at 0 "a"\n expect string "b"', /^got the string a$/],
    ['eval instant at 2m g[2m]\n expect range vector from 1m to 2m step 1m\n g 3', /^got/],
    ['eval instant at 2m g[2m]\n g 3', /^got a matrix$/],
    ['eval instant at 0 h\n h {{schema:0 sum:3 count:3 buckets:[2 1]}}', /^got/],
    ['eval instant at 0 h\n h 3', /^got/],
    [
      'eval instant at 2m sort(m_total or g)\n expect ordered\n m_total{l="b"} 5\n g 2\n m_total{l="a"} 120',
      /^got/,
    ],
    ['eval instant at 2m rate(g[3m])\n expect no_info\n {} 0.027777777777777776', /^annotations: /],
    ['eval instant at 2m rate(g[3m])\n expect warn\n {} 0.027777777777777776', /^annotations: none$/],
    [
      'eval instant at 2m rate(g[3m])\n expect info msg: PromQL info: no\n {} 0.027777777777777776',
      /^annotations: /,
    ],
    ['eval instant at 0 g\n expect info\n g 1', /^annotations: none$/],
    ['eval instant at 0 g\n expect fail', /^did not fail$/],
    ['eval instant at 0 1 > 2', /^failed: /],
    ['eval instant at 0 1 > 2\n expect fail msg: else', /^failed with another error: /],
    ['eval instant at 0 1 > 2\n expect fail regex: ^else$', /^failed with another error: /],
  ];
  for (const [lines, problem] of cases) t.match(await run(lines), problem, lines);
});

t.test('an invalid script is rejected', async (t) => {
  const cases = [
    'evil instant at 0 g',
    'eval instant at 0 g\n expect nothing',
    'eval instant at 0 g\n expect ordered msg: x',
    'eval instant at 0 g\n expect fail with: x',
    'eval_slowly instant at 0 g',
    'eval instant at 0 g\n g one',
    'load 1m\n k 1 2 3y4',
  ];
  for (const lines of cases) await t.rejects(run(lines), lines);
});

t.test('a line of values may start with the name of an expectation', async (t) => {
  const results = await runScript('load 1m\n  expected 1\n\neval instant at 0 expected\n  expected 1');
  t.same(
    results.map(({ problem }) => problem),
    [undefined],
  );
});

t.test('loads accumulate until clear', async (t) => {
  const results = await runScript(`
load 1m
  a 1

eval instant at 0 {__name__=~"a|b"}
  a 1

load 1m
  b 2

# A comment ends the block before it.
eval instant at 0 {__name__=~"a|b"}
  a 1
  b 2

clear
eval instant at 0 {__name__=~"a|b"}

load_with_nhcb 1m
  c_bucket{le="1"} 1
  c_bucket{le="+Inf"} 3
  c_count 3
  c_sum 5

eval instant at 0 c
  c {{schema:-53 sum:5 count:3 custom_values:[1] buckets:[1 2]}}
`);
  t.same(
    results.map(({ problem }) => problem),
    [undefined, undefined, undefined, undefined],
  );
});
