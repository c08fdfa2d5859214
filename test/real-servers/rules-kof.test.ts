// Every rule file of a real deployment over an hour of two regions in VictoriaMetrics: equal alerts and series as promtool
// has with all data, at every step.

import { performance } from 'node:perf_hooks';

import t from 'tap';

import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { evaluateScenario } from '../helpers/rules/promtool/evaluate.js';
import { kofScenarios, withoutRules } from '../helpers/rules/promtool/kof-scenarios.js';
import { differences } from '../helpers/rules/promtool/promtool.js';
import { startRealRegions } from '../helpers/rules/promtool/real-regions.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';

const INTERVAL_MS = 30_000;
const HOUR_MS = 3_600_000;

/** Without PROMFED_RUNS, two files and a part of the hour. */
const IS_COMPLETE = process.env['PROMFED_RUNS'] !== undefined;
const SHORT_FILES = ['general.rules.yaml', 'node-network.yaml'];
const STEPS = IS_COMPLETE ? HOUR_MS / INTERVAL_MS : 40;

const skip = withoutRealServers() || withoutShared('kof/rules');

const scenarios =
  skip === false ? kofScenarios(sharedPath('kof/rules'), { intervalMs: INTERVAL_MS, steps: STEPS }) : [];

t.test('rule files of a real deployment over real regions', { skip }, async (t) => {
  const fired = new Set<string>();
  for (const { name, scenario } of scenarios) {
    if (!IS_COMPLETE && !SHORT_FILES.includes(name)) continue;
    await t.test(name, async (t) => {
      const { regions, originMs } = await startRealRegions(t, scenario, 'VictoriaMetrics');
      const failed = new Set<string>();
      const startMs = performance.now();
      // A rule that fails on these series ends the evaluation: it is compared up to there, and left out of the next one.
      for (let failures = 1; failures > 0;) {
        const compared = withoutRules(scenario, failed);
        const evaluated = await evaluateScenario(compared, { regions, originMs });
        t.equal(await differences(compared, evaluated, originMs), undefined);
        for (const { rule } of evaluated.firing.flat()) fired.add(rule);
        for (const { rule } of evaluated.failures) failed.add(rule);
        failures = evaluated.failures.length;
      }
      const seconds = Math.round((performance.now() - startMs) / 1000);
      t.comment(`${seconds} s; failed: ${[...failed].join(', ')}`);
    });
  }
  t.comment(`${fired.size} alerts fire`);
  t.ok(fired.size > (IS_COMPLETE ? 30 : 1), 'alerts fire');
});
