// The shared test scripts of Prometheus.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import t from 'tap';

import { runScript } from './script.js';

const FOLDER = resolve(process.cwd(), '../shared/conformance/promqltest');

/** Evals that are known to fail, as `file:line`, and why. The list must only ever get shorter. */
const KNOWN: Readonly<Record<string, string>> = {};

/** So many pass at least: what cannot be evaluated yet is skipped by the runner, and must not become more. */
const MIN_PASSED = 1318;

const skip = existsSync(FOLDER) ? false : 'the shared conformance files are not on this machine';

t.test('the shared scripts pass but for the known gaps', { skip }, async (t) => {
  let passed = 0;
  const failed: string[] = [];
  for (const file of readdirSync(FOLDER).sort()) {
    const results = await runScript(readFileSync(join(FOLDER, file), 'utf8'));
    passed += results.filter(({ problem, skipped }) => problem === undefined && !skipped).length;
    for (const { line, expr, problem, skipped } of results) {
      if (problem === undefined || skipped) continue;
      const place = `${file}:${line}`;
      failed.push(Object.hasOwn(KNOWN, place) ? place : `${place} ${expr}: ${problem}`);
    }
  }
  t.same(failed.sort(), Object.keys(KNOWN).sort());
  t.ok(passed >= MIN_PASSED, `${passed} passed`);
});
