// Our own test scripts on a real Prometheus: what they expect of promfed is what it answers.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { replayScript, type Replayed } from '../helpers/promql/replay-script.js';
import { ownScripts } from '../promql/eval/own-scripts.js';
import { constructsOf } from '../promql/eval/constructs.js';

/** Syntax that Prometheus 3.5 does not know yet, by what `constructsOf` calls it. It must refuse each. */
const NEWER: ReadonlySet<string> = new Set([
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

/** What Prometheus 3.5 answers otherwise than newer releases, which promfed follows. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'mad_over_time(odd[3m])': 'since then a NaN spoils the window',
  'topk(scalar(nothing), cpu)': 'since 3.6 the error is "Parameter value is NaN"',
  'limit_ratio(NaN, temperature)': 'since 3.6 the error is "Ratio value is NaN"',
  'histogram_quantile(0.75, forced_bucket)': 'since then the info tells how much was forced',
  'info(f, {__name__="h"})': 'since then the error is shorter',
  'sum(custom)': 'since then custom buckets are reconciled',
  'histogram_fraction(0, 1.5, c_bucket)': 'since then classic buckets are taken too',
  'histogram_count(sum(h))': 'since then resets are noted sample by sample where only the count is read',
  'histogram_sum(sum(h))': 'as with the count',
  'histogram_avg(avg(h))': 'as with the count',
  'histogram_count(sum({__name__=~"moved.*"}))': 'as with the count',
  'histogram_count(sum(last_over_time(h[1m])))': 'as with the count',
  'histogram_count(sum(bounds))': 'since then custom buckets are reconciled',
  'h </ bool 2': 'it does not know the operator, and says so at another place',
};

for (const path of ownScripts()) {
  const file = basename(path);
  t.test(`a real Prometheus answers ${file} as it says`, { skip: withoutRealServers() }, async (t) => {
    const delayedNameRemoval = file !== 'eager-names.test';
    const results = await replayScript(t, readFileSync(path, 'utf8'), delayedNameRemoval);
    const problems: string[] = [];
    const differ = new Set<string>();
    let newer = 0;
    for (const one of results) {
      if (isNewer(one)) {
        newer++;
        if (one.answer.status === 'success') problems.push(`${place(one)} is known after all`);
      } else if (one.problem === undefined) {
        continue;
      } else if (Object.hasOwn(DIFFERENT, one.eval.expr)) {
        differ.add(one.eval.expr);
      } else {
        problems.push(`${place(one)}: ${one.problem}`);
      }
    }
    const listed = results.map((one) => one.eval.expr).filter((expr) => Object.hasOwn(DIFFERENT, expr));
    for (const expr of new Set(listed)) {
      if (!differ.has(expr)) problems.push(`${expr} is answered as expected after all`);
    }
    t.same(problems, []);
    t.comment(`${file}: ${results.length} replayed, ${newer} of which are newer than the server`);
  });
}

/** Functions that it does not know are told by its own word. */
function isNewer({ eval: { expr }, answer }: Replayed): boolean {
  const [, unknown] = /unknown function with name "(.*)"$/.exec(answer.error ?? '') ?? [];
  const constructs = constructsOf(expr);
  return [...constructs].some((construct) => NEWER.has(construct)) || constructs.has(`${unknown ?? ''}()`);
}

function place({ eval: { line, expr } }: Replayed): string {
  return `line ${line}: ${expr}`;
}
