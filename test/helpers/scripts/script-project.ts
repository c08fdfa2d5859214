// A small project in a temporary folder with this repository's scripts and the test's own sources.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import type { Teardown } from '../real-servers/server-process.js';

export interface ScriptProject {
  readonly root: string;
  write(path: string, content: string): void;
  remove(path: string): void;
  /** Runs a script to its end. `onStdout` is called with its output so far, and may send it a signal. */
  run(
    script: string,
    args?: readonly string[],
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      readonly onStdout?: (text: string, signal: (name: NodeJS.Signals) => void) => void;
    },
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** Creates a project that shares node_modules with the repository. It has no sources, and no apt on its PATH. */
export function createScriptProject(t: Teardown): ScriptProject {
  const root = mkdtempSync(join(tmpdir(), 'promfed-scripts-'));
  t.teardown(() => {
    rmSync(root, { recursive: true, force: true });
  });
  for (const name of [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts',
  ]) {
    cpSync(resolve(name), join(root, name), { recursive: true });
  }
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  const project: ScriptProject = {
    root,
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    remove(path) {
      rmSync(join(root, path), { recursive: true });
    },
    run(script, args = [], { env = {}, onStdout } = {}) {
      return new Promise((done, reject) => {
        const child = spawn(process.execPath, [join(root, 'scripts', script), ...args], {
          cwd: root,
          env: { PATH: join(root, 'bin'), HOME: root, ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (chunk: Buffer) => {
          stdout += chunk.toString('utf8');
          onStdout?.(stdout, (name) => child.kill(name));
        });
        child.stderr.on('data', (chunk: Buffer) => {
          stderr += chunk.toString('utf8');
        });
        child.once('error', reject);
        child.once('close', (code) => {
          done({ code, stdout, stderr });
        });
      });
    },
  };
  return project;
}
