// `npm run bench [-- PART_OF_A_PATH …]`: builds promfed, then compiles and runs the benchmarks (bench/**/*.bench.ts)
// one after another, each in its own process. Ends with a table of all figures that have a goal. Exits with 1 when a
// benchmark fails, for example because its result is wrong.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { outputOf, sourceFiles } from './compile.mjs';
import { root } from './preflight.mjs';
import { prepareBench, runNode } from './prepare-bench.mjs';

const wanted = process.argv.slice(2);
const files = sourceFiles('bench')
  .filter((file) => file.endsWith('.bench.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`no benchmark matches ${wanted.join(' ') || 'bench/**/*.bench.ts'}`);
  process.exit(1);
}
await prepareBench();

const results = join(root, 'bench/results');
const resultFiles = () => (existsSync(results) ? readdirSync(results) : []);
const before = new Set(resultFiles());
const failed = [];
for (const file of files) {
  console.log(`\n# ${file}`);
  const result = runNode(['--enable-source-maps', outputOf(file)]);
  if (result.signal !== null) process.exit(130);
  if (result.status !== 0) failed.push(file);
}

// Results of this run: each benchmark writes a file named after itself and the time.
const measured = resultFiles()
  .filter((file) => file.endsWith('.json') && !before.has(file))
  .map((file) => JSON.parse(readFileSync(join(results, file), 'utf8')))
  .sort((a, b) => (a.date < b.date ? -1 : 1))
  .flatMap(({ name, figures }) =>
    figures.map((figure) => ({ ...figure, value: figure.value ?? NaN, case: `${name}: ${figure.case}` })),
  )
  .filter(({ atMost, atLeast }) => atMost !== undefined || atLeast !== undefined);
if (measured.length > 0) {
  const { isMissed, report } = await import(outputOf('bench/report.ts'));
  console.log('\n# all goals\n');
  const path = report('goals', measured);
  const missed = measured.filter(isMissed).length;
  console.log(
    `\n${measured.length} goals: ${measured.length - missed} met, ${missed} missed; written to ${path}`,
  );
}
if (failed.length > 0) {
  console.error(`failed, not in the table: ${failed.join(', ')}`);
  process.exitCode = 1;
}
