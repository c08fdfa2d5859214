// promfed in a small container: a heap of 256 MB, `--memory=512MB`, one process.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { peakRssBytesOf, resetPeakRss } from '../process-memory.js';
import type { Teardown } from '../real-servers/server-process.js';
import { until } from '../until.js';
import type { HostileRegions } from './hostile-regions.js';

/** The build under test. Set the variable to see which cases an earlier build fails. */
const MAIN = resolve(process.env['PROMFED_HOSTILE_MAIN'] ?? 'dist/main.js');

export const MEMORY_BYTES = 512 * 2 ** 20;

export interface HostileServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  isRunning(): boolean;
  kill(): void;
  /** The newest output, at most 64 KiB. */
  output(): string;
  /** Bytes that the budget holds, of all requests. */
  heldBytes(): Promise<number>;
  resetPeak(): void;
  peakRssBytes(): number;
}

/** Starts promfed over the regions. It is killed at the teardown of `t`. @param flags further flags. */
export async function startHostileServer(
  t: Teardown,
  regions: HostileRegions,
  flags: readonly string[] = [],
): Promise<HostileServer> {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-hostile-'));
  const config = join(directory, 'config.yaml');
  writeFileSync(config, regions.configuration());
  const child = spawn(process.execPath, [
    '--max-old-space-size=256',
    MAIN,
    `--config=${config}`,
    '--bind-addr=127.0.0.1:0',
    '--log-format=json',
    '--workers=1',
    '--memory=512MB',
    '--query.timeout=4s',
    ...flags,
  ]);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  t.teardown(() => {
    kill();
    rmSync(directory, { recursive: true, force: true });
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-65_536);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  await until(() => output.includes('promfed is ready') || !isRunning(), 'promfed to be ready');
  const address = /"url":"([^"]+)\/"/.exec(output)?.[1];
  if (address === undefined) throw new Error(`promfed ended before it was ready: ${output}`);
  const url = address.replace('localhost', '127.0.0.1');
  const pid = child.pid!;
  return {
    url,
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    pid,
    isRunning,
    kill,
    output: () => output,
    async heldBytes() {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/^promfed_memory_held_bytes (\S+)$/m.exec(text)?.[1] ?? NaN);
    },
    resetPeak: () => {
      resetPeakRss(pid);
    },
    peakRssBytes: () => peakRssBytesOf(pid),
  };
}
