// `npm run hostile [-- PART_OF_A_NAME]`: builds promfed and runs all hostile cases (test/e2e/hostile) against it, then a
// mix of all next to well-behaved clients for five minutes, or for PROMFED_HOSTILE_SECONDS. Prints a table of latency and
// peak memory. Exits with 1 when a case fails. PROMFED_HOSTILE_MAIN is the path of another build's main.js.
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { preflight, root } from './preflight.mjs';
import { runNode } from './prepare-bench.mjs';

const [wanted = ''] = process.argv.slice(2);
preflight();
const folder = mkdtempSync(join(tmpdir(), 'promfed-hostile-results-'));
const results = join(folder, 'results.jsonl');
Object.assign(process.env, {
  PROMFED_HOSTILE: 'all',
  PROMFED_HOSTILE_CASE: wanted,
  PROMFED_HOSTILE_RESULTS: results,
  // Lets one test file run for longer than the limits of `npm test`.
  PROMFED_RUNS: process.env.PROMFED_RUNS ?? '1',
});
const { status, signal } = runNode([join(root, 'scripts/test.mjs'), 'test/e2e/hostile']);
const rows = existsSync(results)
  ? readFileSync(results, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
rmSync(folder, { recursive: true });
console.log('\n| case | /-/healthy at most | slowness of the machine | peak memory | attack | problems |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const row of rows) {
  const { case: name, healthMs, slowness, peakMB, attackMs, problems } = row;
  const cells = [
    name,
    `${healthMs.toFixed(0)} ms`,
    `${slowness.toFixed(1)} ×`,
    peakMB === null ? '–' : `${peakMB.toFixed(0)} MB`,
    `${(attackMs / 1000).toFixed(1)} s`,
    problems.length === 0 ? 'none' : problems.map((problem) => problem.slice(0, 200)).join('; '),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
process.exitCode = signal === null ? status : 130;
