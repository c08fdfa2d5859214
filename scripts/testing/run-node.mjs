// Runs Node processes for the test command: their output, their limits, and the end of everything they started.
import { spawn } from 'node:child_process';

import { root } from '../preflight.mjs';

const maxOutputBytes = 64 * 1024 * 1024;
/** Time for tap to report the test that hangs, after SIGALRM. */
const reportMs = 3_000;

const running = new Set();

/**
 * Limits of a process. A slow machine makes a process slow, not silent, so the limit on silence is the one that ends a
 * process that hangs.
 * @typedef {{ silenceMs?: number, totalMs: number }} Limits
 */

/**
 * Runs Node to its end, in a process group of its own. Processes that it leaves behind are killed.
 * @param {string[]} args
 * @param {Limits & { env?: Record<string, string> }} options
 * @returns {Promise<{ code: number, signal: string | null, exceeded: string | undefined, stdout: string, stderr: string, output: string, seconds: string }>}
 *   `code` is never 0 for a process that a signal ended; `exceeded` describes the limit that ended it; `output` is
 *   stdout and stderr in the order they arrived.
 */
export function runNode(args, { silenceMs = Infinity, totalMs, env = {} }) {
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
    let lastOutput = begin;
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (chunk) => {
        lastOutput = performance.now();
        bytes += chunk.length;
        if (bytes > maxOutputBytes) return end(`more than ${maxOutputBytes} bytes of output`);
        chunks[name].push(chunk);
        chunks.both.push(chunk);
      });
    }

    let exceeded;
    const end = (reason) => {
      if (exceeded !== undefined) return;
      exceeded = reason;
      child.kill('SIGALRM');
      setTimeout(() => killGroup(child), reportMs).unref();
    };
    const timer = setInterval(() => {
      const now = performance.now();
      if (now - lastOutput > silenceMs) end(`no output for ${silenceMs / 1000} s`);
      else if (now - begin > totalMs) end(`not done after ${totalMs / 1000} s`);
    }, 1_000);
    child.once('error', (error) => chunks.both.push(Buffer.from(error.message)));
    child.once('exit', () => {
      clearInterval(timer);
      // Processes that a test left behind would hold the pipes open, and the machine busy.
      killGroup(child);
    });
    child.once('close', (code, signal) => {
      clearInterval(timer);
      running.delete(child);
      const text = (list) => Buffer.concat(list).toString('utf8');
      resolve({
        code: code ?? 1,
        signal,
        exceeded,
        stdout: text(chunks.stdout),
        stderr: text(chunks.stderr),
        output: text(chunks.both) + (exceeded === undefined ? '' : `\n${exceeded}`),
        seconds: `(${((performance.now() - begin) / 1000).toFixed(1)} s)`,
      });
    });
  });
}

/** Kills every process that runs, with all that it started. */
export function killAll() {
  for (const child of running) killGroup(child);
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}
