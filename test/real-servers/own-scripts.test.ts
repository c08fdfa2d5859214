// promfed's own test scripts on a real Prometheus.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { replayScript, type Replayed } from '../helpers/promqltest/replay-script.js';
import { ownScripts } from '../helpers/promqltest/own-scripts.js';
import { constructsOf } from '../helpers/promqltest/constructs.js';

/** Constructs that Prometheus 3.5 does not support and must reject, as named by `constructsOf`. */
const NEWER_CONSTRUCTS: ReadonlySet<string> = new Set([
  'anchored',
  'smoothed',
  'fill',
  'fill_left',
  'fill_right',
  'start()',
  'end()',
  'duration min_of()',
  'duration max_of()',
  'duration range()',
  'duration step()',
  '</',
  '>/',
]);

/** Expressions with other results in Prometheus 3.5 than in newer releases, which promfed follows, and why. */
const NEWER_RESULTS: Readonly<Record<string, string>> = {
  'mad_over_time(odd[3m])': 'since then a window with NaN has the result NaN',
  'topk(scalar(nothing), cpu)': 'since 3.6 the error is "Parameter value is NaN"',
  'limit_ratio(NaN, temperature)': 'since 3.6 the error is "Ratio value is NaN"',
  'histogram_quantile(0.75, forced_bucket)': 'since then the info contains statistics',
  'info(f, {__name__="h"})': 'since then the error is shorter',
  'sum(custom)': 'since then custom buckets are reconciled',
  'histogram_fraction(0, 1.5, c_bucket)': 'since then classic buckets are supported',
  'histogram_count(sum(h))':
    'since then reset hints are computed for each sample when only counts are decoded',
  'histogram_sum(sum(h))': 'as for the count',
  'histogram_avg(avg(h))': 'as for the count',
  'histogram_count(sum({__name__=~"moved.*"}))': 'as for the count',
  'histogram_count(sum(last_over_time(h[1m])))': 'as for the count',
  'histogram_count(sum(bounds))': 'since then custom buckets are reconciled',
  'h </ bool 2': 'the operator is not supported, and the error has another position',
};

for (const path of ownScripts()) {
  const file = basename(path);
  t.test(`a real Prometheus passes ${file}`, { skip: withoutRealServers() }, async (t) => {
    const delayedNameRemoval = file !== 'immediate-names.test';
    const results = await replayScript(t, readFileSync(path, 'utf8'), delayedNameRemoval);
    const problems: string[] = [];
    const different = new Set<string>();
    let newer = 0;
    for (const result of results) {
      if (isNewer(result)) {
        newer++;
        if (result.answer.status === 'success') problems.push(`${nameOf(result)} is supported`);
      } else if (result.problem === undefined) {
        continue;
      } else if (Object.hasOwn(NEWER_RESULTS, result.eval.expr)) {
        different.add(result.eval.expr);
      } else {
        problems.push(`${nameOf(result)}: ${result.problem}`);
      }
    }
    const listed = results
      .map((result) => result.eval.expr)
      .filter((expr) => Object.hasOwn(NEWER_RESULTS, expr));
    for (const expr of new Set(listed)) {
      if (!different.has(expr)) problems.push(`${expr} has the expected result`);
    }
    t.same(problems, []);
    t.comment(`${file}: ${results.length} evals, ${newer} of them not supported by the server`);
  });
}

/** Reports whether an eval has a construct or a function that the server does not support. */
function isNewer({ eval: { expr }, answer }: Replayed): boolean {
  const [, unknown] = /unknown function with name "(.*)"$/.exec(answer.error ?? '') ?? [];
  const constructs = constructsOf(expr);
  return (
    [...constructs].some((construct) => NEWER_CONSTRUCTS.has(construct)) ||
    constructs.has(`${unknown ?? ''}()`)
  );
}

function nameOf({ eval: { line, expr } }: Replayed): string {
  return `line ${line}: ${expr}`;
}
