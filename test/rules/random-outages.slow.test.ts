// Random rules while a region does not answer, and the data stays as it is: with `hold`, alerts are those of a process whose
// regions all answer.

import fc from 'fast-check';
import t from 'tap';

import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import { randomScenario } from '../helpers/rules/promtool/random-scenarios.js';
import type { Scenario } from '../helpers/rules/promtool/scenario.js';
import { SimulatedRules, SimulatedWorld } from '../helpers/rules/simulated-rules.js';

const MINUTE = 60_000;
/** After it, no alert begins or ends while the data stays as it is. Longer than every `for` and window of the rules. */
const LEAD = 10 * MINUTE;
const OUTAGE = 4 * MINUTE;

interface FileGroup {
  readonly name: string;
  readonly rules: readonly { readonly expr: string }[];
}

/** The rules whose results are constant while the data is: those that read ALERTS may alternate. */
function constantRules(file: string): string {
  const { groups } = JSON.parse(file) as { groups: FileGroup[] };
  const constant = groups.map((group) => ({
    ...group,
    rules: group.rules.filter(({ expr }) => !/time|ALERTS|__name__/.test(expr)),
  }));
  return JSON.stringify({ groups: constant.filter(({ rules }) => rules.length > 0) });
}

function start({ regions }: Scenario): SimulatedRules {
  const names = regions.slice(0, 2).map(({ name }) => name);
  const process = new SimulatedRules({ world: new SimulatedWorld(names) });
  for (const { name, series } of regions.slice(0, 2)) {
    for (const { labels, samples } of series) {
      const value = samples.find((sample) => typeof sample === 'number' && Number.isFinite(sample));
      // Expressions are judged for values that are not negative.
      if (typeof value === 'number') process.world.set(name, labels, Math.abs(value));
    }
  }
  return process;
}

/** The alerts that are not inactive, with their states and the times since which they are active. */
function alertsOf({ manager }: SimulatedRules): string[] {
  return manager.groups
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => (rule.kind === 'alerting' ? [...rule.alerts] : []))
    .filter(({ state }) => state !== 'inactive')
    .map(({ labels, state, activeAtMs }) => `${labels.toString()} ${state} since ${activeAtMs}`)
    .sort();
}

function errorsOf(process: SimulatedRules): string[] {
  return Object.entries(process.lastErrors()).flatMap(([name, error]) => (error === undefined ? [] : name));
}

t.test('with `hold`, an outage changes no alert', async (t) => {
  const seed = randomSeed();
  t.comment(`seed ${seed}`);
  let alerts = 0;
  await fc.assert(
    fc.asyncProperty(randomScenario, fc.constantFrom(0, 1), async (scenario, killed) => {
      const rules = { 'r.yaml': constantRules(scenario.rules) };
      const [process, undisturbed] = [start(scenario), start(scenario)];
      for (const one of [process, undisturbed]) {
        await one.load(rules);
        await one.pass(LEAD);
      }
      // Rules that fail in one process may not fail without a region.
      if (errorsOf(undisturbed).length > 0) return;
      alerts += alertsOf(undisturbed).length;
      const region = scenario.regions[killed]!.name;
      process.world.kill(region);
      for (let elapsedMs = 0; elapsedMs < OUTAGE; elapsedMs += MINUTE) {
        await process.pass(MINUTE);
        await undisturbed.pass(MINUTE);
        const when = `${elapsedMs / MINUTE + 1} minutes after ${region} was killed`;
        compare(alertsOf(process), alertsOf(undisturbed), when);
      }
      process.world.revive(region);
      await process.pass(2 * MINUTE);
      await undisturbed.pass(2 * MINUTE);
      compare(alertsOf(process), alertsOf(undisturbed), 'afterwards');
    }),
    { numRuns: randomRuns(15), seed },
  );
  t.comment(`${alerts} alerts`);
  t.ok(alerts > 0);
});

function compare(actual: readonly string[], expected: readonly string[], when: string): void {
  const added = actual.filter((one) => !expected.includes(one));
  const missing = expected.filter((one) => !actual.includes(one));
  if (added.length + missing.length > 0) {
    throw new Error(`${when}\nadded:\n${added.join('\n')}\nmissing:\n${missing.join('\n')}`);
  }
}
