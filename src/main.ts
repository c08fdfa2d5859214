#!/usr/bin/env node
// The program. It gives the process Node.js' flags for its memory before anything large is loaded, and runs the command
// line. Only this file and command-line.ts read arguments, the environment and signals.

import { spawn } from 'node:child_process';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

import { parseProcessFlags } from './config/flags/index.js';
import {
  availableCores,
  nodeFlags,
  outgrowsMemory,
  planProcesses,
  readMachineMemory,
} from './runtime/index.js';

/** The flags that were added at a restart. They are not the user's. */
const ADDED = 'PROMFED_NODE_FLAGS';

/** Replaces the program of this process. Missing in Node.js before 22.15, and on Windows. */
const replaceProcess = (process as { execve?: ReplaceProcess }).execve;
type ReplaceProcess = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

const { execPath: node } = process;
const [, script, ...argv] = process.argv as [string, string, ...string[]];
const added = process.env[ADDED]?.split(' ');
const isChild = added !== undefined && process.channel !== undefined;
Reflect.deleteProperty(process.env, ADDED);
const flagsOfUser = process.execArgv.filter((flag) => added?.includes(flag) !== true);
const inherited = (process.env['NODE_OPTIONS'] ?? '').split(/\s+/);
const given = [...inherited, ...flagsOfUser];

if (added !== undefined || !restart()) {
  if (isChild) followParent();
  const { runCommandLine } = await import('./command-line.js');
  runCommandLine(argv, { flagsOfUser, given, all: [...inherited, ...process.execArgv] });
}

/**
 * Restarts this program with Node.js' flags for its memory, because V8 ignores them once it runs. Returns false when the
 * process is to go on as it is.
 */
function restart(): boolean {
  const flags = parseProcessFlags(argv);
  if (flags === undefined) return false;
  const machineBytes = readMachineMemory(totalmem());
  const plan = planProcesses({ ...flags, machineBytes, cores: availableCores() });
  const isServer = plan.workers === 1;
  const missing = nodeFlags(plan, isServer ? 'server' : 'supervisor', given);
  if (missing.length === 0 || process.channel !== undefined) return false;
  const args = [...process.execArgv, ...missing, script, ...argv];
  const env = { ...process.env, [ADDED]: missing.join(' ') };
  replaceProcess?.(node, [node, ...args], env);
  // Older versions of Node.js need a second process.
  if (!isServer || !outgrowsMemory(plan, getHeapStatistics().heap_size_limit, given)) return false;
  runChild(args, env);
  return true;
}

/** Runs the program in a child process, which gets the signals of this one, and whose end is that of this one. */
function runChild(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const child = spawn(node, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`promfed: cannot start ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const handled of signals) process.removeAllListeners(handled);
    process.kill(process.pid, signal);
  });
}

/** Ends this process when its parent was killed. */
function followParent(): void {
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
}
