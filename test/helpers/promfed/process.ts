// promfed as its users start it: dist/main.js in a process of its own.

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { resolve } from 'node:path';

import type { Teardown } from '../real-servers/server-process.js';
import { until } from '../until.js';

const MAIN = resolve('dist/main.js');

/** Builds dist/ when the sources have changed. @throws Error with the compiler's output. */
export function buildPromfed(): void {
  const built = spawnSync(process.execPath, ['scripts/build.mjs', '--if-changed'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
}

export interface EndedProcess {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs promfed to its end. */
export function runPromfed(...args: readonly string[]): Promise<EndedProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], { timeout: 100_000 });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done) => {
    child.on('close', (status) => {
      done({ status, stdout, stderr });
    });
  });
}

export interface PromfedProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly url: string;
  /** Everything written to stdout and stderr. */
  output(): string;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/** Starts promfed on a free port, and returns when it is ready. It is killed at the teardown of `t`. */
export async function startPromfedProcess(t: Teardown, ...args: readonly string[]): Promise<PromfedProcess> {
  const child = spawn(process.execPath, [MAIN, ...args, '--bind-addr=127.0.0.1:0', '--log-format=json']);
  t.teardown(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<number | string | null>((done) => {
    child.on('exit', (code, signal) => {
      done(signal ?? code);
    });
  });
  await until(() => output.includes('promfed is ready') || child.exitCode !== null, 'promfed to be ready');
  const url = /"url":"([^"]+)"/.exec(output)?.[1];
  if (url === undefined) throw new Error(`promfed ended before it was ready: ${output}`);
  return { child, url, output: () => output, ended };
}
