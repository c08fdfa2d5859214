// `npm test [-- [--fast] [PART_OF_A_PATH …]]`: checks the whole tree (types, lint, format, direction of imports, unused
// code), then runs every test file. With paths it compiles and runs the matching files only; `--fast` leaves out the
// slow ones. The last line of stdout is `N passed, N failed, N skipped`; each check counts as a test. Exits with 0 when
// nothing failed and something ran. Where CI=true a skipped test is a failure, except for one that needs ../shared.
import { preflight } from './preflight.mjs';

/** Limits of one test file. With `PROMFED_RUNS` set, its runs may take hours. */
const fileLimits =
  process.env.PROMFED_RUNS === undefined
    ? { silenceMs: 120_000, totalMs: 1_800_000 }
    : { silenceMs: 3_600_000, totalMs: 86_400_000 };
/** Tests of processes wait most of the time, so that they run beside the others. */
const waits = (file) => file.startsWith('test/e2e/');
/** Tests that limit how long a health check takes. */
const needsMachine = (file) => file.startsWith('test/e2e/hostile/');
const parallel = 2;
const isCi = process.env.CI === 'true' || process.env.CI === '1';
/** Start of a reason for a skip that CI accepts: see test/helpers/shared.ts. */
const sharedIsMissing = '../shared is missing';

const started = performance.now();
const totals = { passed: 0, failed: 0, skips: [] };

preflight();
// These import packages.
const { outputOf } = await import('./compile.mjs');
const { checksFor } = await import('./testing/checks.mjs');
const { parseTestOptions, selectTests } = await import('./testing/options.mjs');
const { killAll, runNode } = await import('./testing/run-node.mjs');
const { countTests } = await import('./testing/tap-results.mjs');

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupt(signal));

const options = parseOptions();
const { files, leftOut, notes, env } = selectTests(options);
await runChecks();
await runTests();
finish();

function parseOptions() {
  try {
    return parseTestOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

async function runChecks() {
  await forEachInParallel(checksFor(options, files), async ({ name, counts, run }) => {
    const { code, output, seconds } = await run();
    if (!counts) {
      if (code !== 0) console.log(`  ${output.trim()}`);
      return;
    }
    if (code === 0) totals.passed++;
    else totals.failed++;
    print(code === 0, `${name} ${seconds}`, code === 0 ? '' : output || `exit status ${code}`);
  });
}

/** One at a time of the tests that wait beside two of the others, then three of the others. Tests of latency run alone. */
async function runTests() {
  const waiting = files.filter((file) => waits(file) && !needsMachine(file));
  const others = files.filter((file) => !waits(file));
  await Promise.all([
    forEachInParallel(others, runTest),
    forEachInParallel(waiting, runTest, 1).then(() => forEachInParallel(others, runTest, 1)),
  ]);
  await forEachInParallel(files.filter(needsMachine), runTest, 1);
}

async function runTest(file) {
  const result = await runNode(['--enable-source-maps', outputOf(file)], {
    ...fileLimits,
    // tap's own limits count total time, which is long on a slow machine.
    env: { ...env, TAP_TIMEOUT: '0' },
  });
  const { passed, failures, skips } = countTests(result.stdout);
  if (result.exceeded !== undefined) failures.push({ name: result.exceeded, detail: '' });
  else if (result.code !== 0 && failures.length === 0) {
    failures.push({ name: `ended with ${result.signal ?? `exit status ${result.code}`}`, detail: '' });
  }
  if (passed + failures.length + skips.length === 0) failures.push({ name: 'no tests', detail: '' });

  totals.passed += passed;
  totals.failed += failures.length;
  totals.skips.push(...skips.map((skip) => ({ ...skip, file })));
  const parts = [`${passed} passed`];
  if (failures.length > 0) parts.push(`${failures.length} failed`);
  if (skips.length > 0) parts.push(`${skips.length} skipped`);
  const details = failures.map(({ name, detail }) =>
    [`✖ ${name}`, indent(detail)].filter(Boolean).join('\n'),
  );
  if (failures.length > 0 && result.stderr.trim() !== '') details.push(`stderr:\n${indent(result.stderr)}`);
  print(failures.length === 0, `${file} ${parts.join(', ')} ${result.seconds}`, details.join('\n\n'));
}

function finish() {
  const { passed, skips } = totals;
  let { failed } = totals;
  if (files.length === 0) {
    const all = leftOut.length === 0 ? '' : ` (--fast leaves out ${leftOut.length})`;
    console.log(`\nno test file matches ${options.paths.join(' ') || 'test/**/*.test.ts'}${all}`);
    failed++;
  }
  const failing = isCi ? skips.filter(({ reason }) => !reason.startsWith(sharedIsMissing)) : [];
  listSkips(
    'skipped',
    skips.filter((skip) => !failing.includes(skip)),
  );
  listSkips('skipped (a failure, since CI is set)', failing);
  if (notes.length > 0) console.log(['\nleft out by --fast:', ...notes].join('\n  '));
  console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed, ${skips.length} skipped`);
  process.exitCode = failed > 0 || failing.length > 0 ? 1 : 0;
}

function listSkips(title, skips) {
  if (skips.length === 0) return;
  console.log(`\n${title}:`);
  for (const { file, name, reason } of skips) console.log(`  ${file}: ${name}: ${reason}`);
}

function interrupt(signal) {
  killAll();
  console.log('\ninterrupted');
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** Runs `work` over the items in order, `count` at a time. Takes them from the list, which several calls may share. */
async function forEachInParallel(items, work, count = parallel) {
  const worker = async () => {
    for (let item = items.shift(); item !== undefined; item = items.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

function print(ok, title, detail) {
  console.log(`${ok ? '✔' : '✖'} ${title}${detail === '' ? '' : `\n${indent(detail)}`}`);
}

function indent(text) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
}
