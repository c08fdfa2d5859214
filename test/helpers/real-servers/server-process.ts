// Runs one real server as a child process for a test, with a free port and a folder of its own. It ends with the test,
// even when the test fails or its process is killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The part of tap's test object that starting a server needs. A benchmark passes its own. */
export interface Teardown {
  teardown(handler: () => void | Promise<void>): void;
}

export interface RealServer {
  /** `http://127.0.0.1:PORT`, the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** The server's own folder, removed at teardown. */
  readonly directory: string;
  /** The process id while it runs, undefined otherwise. */
  pid(): number | undefined;
  /** The newest output of the server, stdout and stderr mixed, at most 64 KiB. */
  output(): string;
  /** SIGKILL: connections are reset, and data in memory is lost. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL after 30 s. */
  stop(): Promise<void>;
  /** Starts it again on the same port and folder after kill() or stop(), and waits until it is ready. */
  restart(): Promise<void>;
  /** SIGSTOP: the kernel accepts connections, but the server never answers. Resolves when every thread is stopped. */
  suspend(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
}

export interface ServerCommand {
  readonly binary: string;
  /** Called once, with the port to listen on and a fresh folder; may write files there. */
  readonly args: (port: number, directory: string) => readonly string[];
  /** A path that is answered with 200 when the server is ready, or for other protocols a check of its port. */
  readonly readyPath: string | ((port: number) => Promise<boolean>);
  /** Headers of the requests for `readyPath`. */
  readonly readyHeaders?: Readonly<Record<string, string>>;
  /** The folder to run in; default the current one. */
  readonly cwd?: string;
}

const startTimeoutMs = 100_000;
const stopTimeoutMs = 30_000;
const keptOutput = 64 * 1024;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends the server with its parent, even if the parent is killed. Linux only, like the servers. */
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/**
 * Starts the server and returns when it is ready. It is killed, and its folder removed, at the teardown of `t`.
 * Throws an Error with the server's last output when it ends or is not ready within 100 s.
 */
export async function startServer(t: Teardown, command: ServerCommand): Promise<RealServer> {
  for (let attempt = 1; ; attempt++) {
    const directory = mkdtempSync(join(tmpdir(), `promfed-${basename(command.binary)}-`));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { readyPath, readyHeaders } = command;
    const isReady =
      typeof readyPath === 'string' ? () => answersOk(url + readyPath, readyHeaders) : () => readyPath(port);
    const run = new ServerRun(command, command.args(port, directory), isReady);
    try {
      await run.start();
    } catch (error) {
      await run.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
      // Another process bound the port before the server did.
      if (attempt < 3 && /address already in use/i.test(run.output)) continue;
      throw error;
    }
    t.teardown(async () => {
      await run.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    });
    return {
      url,
      port,
      directory,
      pid: () => run.pid,
      output: () => run.output,
      kill: () => run.end('SIGKILL'),
      stop: () => run.end('SIGTERM'),
      restart: () => run.start(),
      suspend: async () => {
        const pid = run.signal('SIGSTOP');
        while (!isSuspended(pid)) await sleep(5);
      },
      resume: () => {
        run.signal('SIGCONT');
      },
    };
  }
}

/** The process of a server, which can be started again after its end. */
class ServerRun {
  readonly #name: string;
  readonly #command: ServerCommand;
  readonly #args: readonly string[];
  readonly #isReady: () => Promise<boolean>;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #output = '';

  constructor(command: ServerCommand, args: readonly string[], isReady: () => Promise<boolean>) {
    this.#name = basename(command.binary);
    this.#command = command;
    this.#args = args;
    this.#isReady = isReady;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when the server is ready. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.#name} is running already`);
    const child = this.#spawn();
    const deadline = Date.now() + startTimeoutMs;
    while (!(await this.#isReady())) {
      if (!isRunning(child)) throw new Error(`${this.#name} ended before it was ready:\n${this.#output}`);
      if (Date.now() > deadline) throw new Error(`${this.#name} is not ready after 100 s:\n${this.#output}`);
      await sleep(20);
    }
    if (!isRunning(child)) {
      throw new Error(`${this.#name} ended, and another server answers on its port:\n${this.#output}`);
    }
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Returns the process id. */
  signal(signal: NodeJS.Signals): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.#name} is not running`);
    this.#child.kill(signal);
    return this.#child.pid;
  }

  #spawn(): ChildProcess {
    const { binary, cwd = process.cwd() } = this.#command;
    const [file, ...before] =
      setpriv === undefined ? [binary] : [setpriv, '--pdeathsig', 'KILL', '--', binary];
    const child = spawn(file, [...before, ...this.#args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-keptOutput);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    running.add(child);
    this.#ended = new Promise((resolve) => {
      const onEnd = (): void => {
        this.#child = undefined;
        running.delete(child);
        resolve();
      };
      child.once('error', (error) => {
        this.#output += error.message;
        onEnd();
      });
      child.once('close', onEnd);
    });
    return child;
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Reports whether every thread is stopped: the third field of each `stat`, after the name in brackets, is T. */
function isSuspended(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1').includes(') T '),
  );
}

async function answersOk(url: string, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Returns a free port below the kernel's ephemeral range, so that no outgoing connection and no server on port 0 takes
 * it before our server binds it.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => {
        resolve(false);
      });
      probe.listen(port, '127.0.0.1', () => {
        probe.close(() => {
          resolve(true);
        });
      });
    });
    if (free) return port;
  }
}
