// `npm test [-- PART_OF_A_PATH …]`: sets up for itself, checks the whole tree (types, lint, format, direction of
// imports, unused code), then runs every test file. With arguments it compiles and runs the matching files only.
// The last line of stdout is `N passed, N failed, N skipped`; each check counts as a test. Exits with 0 when
// nothing failed and something ran; where CI=true, a skip is a failure too.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { compile, outputOf, sourceFiles } from './compile.mjs';
import { preflight, root } from './preflight.mjs';

const parallel = 2;
// Whoever asks for more random runs than fit has time for them.
const fileTimeoutMs = process.env.PROMFED_RUNS === undefined ? 120_000 : 3_600_000;
const checkTimeoutMs = 300_000;
const maxOutputBytes = 64 * 1024 * 1024;
const isCi = process.env.CI === 'true' || process.env.CI === '1';

const started = performance.now();
const running = new Set();
const totals = { passed: 0, failed: 0, skips: [] };

preflight();
// Not before the packages are there.
const { countTests } = await import('./tap-results.mjs');
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupt(signal));

const wanted = process.argv.slice(2).map((part) => part.replace(/^\.\//, '').replace(/\.js$/, '.ts'));
const sources = sourceFiles('test').filter((file) => file.endsWith('.test.ts'));
const files = sources.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));

await runChecks();
await runTests();
finish();

async function runChecks() {
  // The longest first. The tests need the output of the compiler, so it runs in any case.
  const checks = [{ name: 'types', run: () => compile((args) => node(args, checkTimeoutMs)) }];
  if (wanted.length === 0) {
    const tool = (name, path, ...args) => ({
      name,
      run: () => node([join(root, 'node_modules', path), ...args], checkTimeoutMs),
    });
    const folders = ['src', 'test', 'bench'].filter((folder) => sourceFiles(folder).length > 0);
    checks.push(
      tool('lint', 'eslint/bin/eslint.js', '--max-warnings', '0', '.'),
      tool('format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
      tool(
        'imports',
        'dependency-cruiser/bin/dependency-cruise.mjs',
        '--output-type',
        'err-long',
        ...folders,
      ),
      tool('unused code', 'knip/bin/knip.js', '--no-progress'),
    );
  }
  checks.push({ name: 'real servers', run: fetchRealServers });
  await eachOf(checks, async ({ name, run }) => {
    const { code, output, seconds } = await run();
    if (code === undefined) return;
    if (code === 0) totals.passed++;
    else totals.failed++;
    print(code === 0, `${name} ${seconds}`, code === 0 ? '' : output || `exit status ${code}`);
  });
}

/** No count of its own: where they cannot be had, the tests that need them are skipped one by one. */
async function fetchRealServers() {
  const result = await node([join(root, 'scripts/real-servers.mjs')], checkTimeoutMs);
  if (result.code !== 0) console.log(`  ${result.output.trim()}`);
  return { ...result, code: undefined };
}

async function runTests() {
  await eachOf(files, async (file) => {
    const result = await node(['--enable-source-maps', outputOf(file)], fileTimeoutMs, {
      TAP_TIMEOUT: String(fileTimeoutMs / 1000 - 5),
    });
    const { passed, failures, skips } = countTests(result.stdout);
    if (result.timedOut) failures.push({ name: `not done after ${fileTimeoutMs / 1000} s`, detail: '' });
    else if (result.code !== 0 && failures.length === 0) {
      failures.push({ name: `ended with ${result.signal ?? `exit status ${result.code}`}`, detail: '' });
    }
    if (passed + failures.length + skips.length === 0) failures.push({ name: 'holds no test', detail: '' });

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
  });
}

function finish() {
  const { passed, skips } = totals;
  let { failed } = totals;
  if (files.length === 0) {
    console.log(`\nno test file matches ${wanted.join(' ') || 'test/**/*.test.ts'}`);
    failed++;
  }
  if (skips.length > 0) {
    console.log(`\nskipped${isCi ? ' (a failure, since CI is set)' : ''}:`);
    for (const { file, name, reason } of skips) console.log(`  ${file}: ${name}: ${reason}`);
  }
  console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed, ${skips.length} skipped`);
  process.exitCode = failed > 0 || (isCi && skips.length > 0) ? 1 : 0;
}

/** Runs Node in a process group of its own, so that whatever it started can be ended with it. */
function node(args, timeoutMs, env = {}) {
  const begin = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    const chunks = { stdout: [], stderr: [], both: [] };
    let bytes = 0;
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes > maxOutputBytes) return endGroup(child, 'SIGKILL');
        chunks[name].push(chunk);
        chunks.both.push(chunk);
      });
    }
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child, 'SIGTERM');
      setTimeout(() => endGroup(child, 'SIGKILL'), 3_000).unref();
    }, timeoutMs);
    child.once('error', (error) => chunks.both.push(Buffer.from(error.message)));
    child.once('exit', () => {
      clearTimeout(timer);
      // Processes that a test left behind would hold the pipes open, and the machine busy.
      endGroup(child, 'SIGKILL');
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      const text = (list) => Buffer.concat(list).toString('utf8');
      resolve({
        // Never 0 for a process that a signal ended.
        code: code ?? 1,
        signal,
        timedOut,
        stdout: text(chunks.stdout),
        stderr: text(chunks.stderr),
        output: text(chunks.both) + (timedOut ? `\nnot done after ${timeoutMs / 1000} s` : ''),
        seconds: `(${((performance.now() - begin) / 1000).toFixed(1)} s)`,
      });
    });
  });
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

function interrupt(signal) {
  for (const child of running) endGroup(child, 'SIGKILL');
  console.log('\ninterrupted');
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** Runs `work` over the items in order, `parallel` at a time. */
async function eachOf(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
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
