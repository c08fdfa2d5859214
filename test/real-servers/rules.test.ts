// The same rules over the same series in promtool and in promfed: equal alerts and written series at every step.

import fc from 'fast-check';
import t from 'tap';

import type { RawSeries } from '../../src/model/index.js';
import { chainedScenario, inOneGroup } from '../helpers/rules/promtool/chained-scenario.js';
import { curatedScenarios } from '../helpers/rules/promtool/curated-scenarios.js';
import { evaluateScenario } from '../helpers/rules/promtool/evaluate.js';
import { kofScenarios, withoutRules } from '../helpers/rules/promtool/kof-scenarios.js';
import { differences } from '../helpers/rules/promtool/promtool.js';
import { randomScenario } from '../helpers/rules/promtool/random-scenarios.js';
import { startRealRegions } from '../helpers/rules/promtool/real-regions.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';
import { withoutRealServers } from '../helpers/real-servers/real-servers.js';

for (const { name, scenario } of curatedScenarios) {
  t.test(name, { skip: withoutRealServers() }, async (t) => {
    for (const pushdown of [true, false]) {
      const evaluated = await evaluateScenario(scenario, { pushdown });
      t.ok(evaluated.sampleCount > 0, 'rules write samples');
      t.equal(
        await differences(scenario, evaluated),
        undefined,
        pushdown ? 'with pushdown' : 'without pushdown',
      );
    }
  });
}

t.test('chained rules whose results no region returns', { skip: withoutRealServers() }, async (t) => {
  let compared = 0;
  for (const { name, scenario } of curatedScenarios) {
    const { scenario: part, chained } = chainedScenario(scenario);
    if (chained === 0) continue;
    compared += chained;
    const evaluated = await evaluateScenario(part, { readsBack: false });
    t.equal(await differences(part, evaluated), undefined, name);
    const { written } = await evaluateScenario(part, { readsBack: false, chainedResults: 'regions' });
    t.not([...written].length, [...evaluated.written].length, 'without results in memory it differs');
  }
  t.ok(compared > 20, `${compared} rules`);
});

t.test('regions of real servers', { skip: withoutRealServers() }, async (t) => {
  const names = ['for, keep', 'labels override', 'absence', 'chained', 'deep chains', 'stale series'];
  const chosen = curatedScenarios.filter(({ name }) => names.some((start) => name.startsWith(start)));
  t.equal(chosen.length, names.length);
  // Their regions are equal.
  const { regions, originMs } = await startRealRegions(t, chosen[0]!.scenario);
  for (const { name, scenario } of chosen) {
    const evaluated = await evaluateScenario(scenario, { regions, originMs });
    t.ok(evaluated.sampleCount > 0, 'rules write samples');
    t.equal(await differences(scenario, evaluated, originMs), undefined, name);
    const { scenario: part, chained } = chainedScenario(scenario);
    if (chained === 0) continue;
    const alone = await evaluateScenario(part, { regions, originMs, readsBack: false });
    t.equal(await differences(part, alone, originMs), undefined, `${name}, without results from regions`);
  }
});

t.test('a wrong result is a difference', { skip: withoutRealServers() }, async (t) => {
  const { scenario } = curatedScenarios[0]!;
  const evaluated = await evaluateScenario(scenario);
  const [{ labels, timestamps }] = [...evaluated.written] as [RawSeries, ...RawSeries[]];
  evaluated.written.append(labels, timestamps.at(-1)! + 60_000, 17);
  t.match(await differences(scenario, evaluated), /got/);
  const missing = await evaluateScenario(scenario);
  t.match(
    await differences(scenario, { ...missing, firing: missing.firing.map(() => []) }),
    /alertname: Now/,
  );
});

t.test(
  'rule files of a real deployment',
  { skip: withoutRealServers() || withoutShared('kof/rules') },
  async (t) => {
    const fired = new Set<string>();
    const failed = new Set<string>();
    for (const { name, scenario } of kofScenarios(sharedPath('kof/rules'))) {
      // A rule that fails on these series ends the evaluation: it is compared up to there, and left out of the next one.
      for (let failures = 1; failures > 0;) {
        const evaluated = await evaluateScenario(withoutRules(scenario, failed));
        t.equal(await differences(withoutRules(scenario, failed), evaluated), undefined, name);
        for (const { rule } of evaluated.firing.flat()) fired.add(rule);
        for (const { rule } of evaluated.failures) failed.add(rule);
        failures = evaluated.failures.length;
      }
    }
    t.comment(`${fired.size} alerts fire; failed: ${[...failed].join(', ')}`);
    t.ok(fired.size > 40, 'alerts fire');
  },
);

t.test('random rule files over random series', { skip: withoutRealServers() }, async (t) => {
  const seed = randomSeed();
  t.comment(`seed ${seed}`);
  const counts = { fired: 0, failed: 0, runs: 0, chained: 0, conflicts: 0 };
  await fc.assert(
    fc.asyncProperty(randomScenario, fc.boolean(), fc.boolean(), async (whole, pushdown, readsBack) => {
      const { scenario: part, chained } = chainedScenario(inOneGroup(whole));
      const scenario = readsBack ? whole : part;
      const evaluated = await evaluateScenario(scenario, { pushdown, readsBack });
      if (!readsBack) counts.chained += chained;
      if (evaluated.hasConflicts) {
        counts.conflicts++;
        return;
      }
      counts.runs++;
      if (evaluated.firing.some((alerts) => alerts.length > 0)) counts.fired++;
      if (evaluated.failures.length > 0) counts.failed++;
      const difference = await differences(scenario, evaluated);
      if (difference !== undefined) throw new Error(difference.slice(0, 20_000));
    }),
    { numRuns: randomRuns(60), seed },
  );
  t.comment(counts);
  t.ok(counts.conflicts <= Math.max(5, counts.runs / 10), 'few files have results that depend on chance');
  // Few runs may have few chains: the seed differs each time.
  if (counts.runs >= 20) t.ok(counts.chained > 0, 'rules are chained');
  if (counts.runs >= 300) t.ok(counts.chained > counts.runs / 4, 'many rules are chained');
  if (counts.runs >= 20) t.ok(counts.fired > counts.runs / 4, 'alerts fire');
});
