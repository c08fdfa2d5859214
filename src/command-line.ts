// The composition root: runs the command line.

import { readFileSync } from 'node:fs';
import { hostname, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';

import { backfill, checkRules, runQuery, testRules } from './cli/index.js';
import {
  helpText,
  loadConfig,
  NO_RULE_FILES,
  parseConfig,
  parseFlags,
  type BackfillFlags,
  type CheckRulesFlags,
  type Flags,
  type QueryFlags,
  type TestRulesFlags,
} from './config/index.js';
import { demoConfig, startDemoRegions, type DemoQuery } from './demo/index.js';
import { asPromfedError, maskUrl, PromfedError } from './model/index.js';
import { FEATURES, type Feature } from './promql/language/index.js';
import { withoutMetrics } from './rules/backfill/index.js';
import {
  availableCores,
  budgetOfProcess,
  Cancellation,
  nodeFlags,
  oldSpaceLimit,
  planProcesses,
  readMachineMemory,
  startTimer,
  systemClock,
} from './runtime/index.js';
import { createRestoreEngine, openGroups, Runtime, startServer, type ServerOptions } from './server/index.js';
import { createLog, LineWriter } from './telemetry/index.js';
import type { WorkerOptions } from './worker.js';
import { startWorkers } from './workers/index.js';

const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

type CommandLine = Flags<Feature>;

/** Node.js' flags of this process. */
export interface NodeFlags {
  /** Those on the command line that the user gave. */
  readonly flagsOfUser: readonly string[];
  /** The same, and those of NODE_OPTIONS. */
  readonly given: readonly string[];
  /** All of them, those that promfed added included. */
  readonly all: readonly string[];
}

/** Runs a command. The process ends with it. */
export function runCommandLine(argv: readonly string[], node: NodeFlags): void {
  main(argv, node).catch(fail);
}

async function main(argv: readonly string[], node: NodeFlags): Promise<void> {
  const flags = parseFlags(argv, FEATURES);
  if (flags.help) print(helpText());
  else if (flags.version) print(`promfed ${version}`);
  else if (flags.checkConfig) await checkConfig(flags);
  else if (flags.checkRules !== undefined) process.exitCode = await runChecks(flags, flags.checkRules);
  else if (flags.testRules !== undefined) process.exitCode = await runTests(flags, flags.testRules);
  else if (flags.query !== undefined) await query(flags, flags.query);
  else if (flags.backfill !== undefined) await runBackfill(flags, flags.backfill);
  else if (flags.command === 'demo') await demo(flags, node);
  else await serve(flags, node);
}

async function checkConfig({ config: path, features }: CommandLine): Promise<void> {
  const { settings, warnings } = await loadConfig(path, { features });
  for (const warning of warnings) print(`warning: ${warning}`);
  const rules = settings.ruleGroups.reduce((count, group) => count + group.rules.length, 0);
  print(`${path} is valid: ${settings.serverGroups.length} server groups, ${rules} rules`);
}

function runChecks(flags: CommandLine, checkFlags: CheckRulesFlags): Promise<number> {
  const { features } = flags;
  return checkRules(checkFlags, {
    features,
    clock: systemClock,
    openGroups: async () => {
      const config = await loadConfig(flags.config, { features, ruleFiles: NO_RULE_FILES });
      return openGroups(config, { ...flags, clock: systemClock, version });
    },
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
}

function runTests({ features }: CommandLine, testFlags: TestRulesFlags): Promise<number> {
  return testRules(testFlags, {
    features,
    clock: systemClock,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
}

async function serve(flags: CommandLine, node: NodeFlags): Promise<void> {
  const server = await start(flags, node, () => loadConfig(flags.config, { features: flags.features }));
  process.on('SIGHUP', () => {
    server.reload().catch(() => undefined); // the reloader has logged it
  });
  stopOnSignal(flags, () => server.stop());
}

/** Runs one query. The answer goes to standard output, annotations and errors to standard error. */
async function query(flags: CommandLine, queryFlags: QueryFlags): Promise<void> {
  const { stdout, stderr } = process;
  // The reader of a pipe may close it early, as `head` does.
  stdout.on('error', () => process.exit(0));
  const status = await runQuery(queryFlags, {
    clock: systemClock,
    version,
    features: flags.features,
    lookbackDeltaMs: flags.lookbackDeltaMs,
    openEngine: async () => {
      const config = await loadConfig(flags.config, { features: flags.features });
      for (const warning of config.warnings) stderr.write(`warning: ${warning}\n`);
      return new Runtime(config, { ...flags, clock: systemClock, version });
    },
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    terminal: stdout.isTTY
      ? { columns: stdout.columns, colors: (process.env['NO_COLOR'] ?? '') === '' && stdout.hasColors() }
      : undefined,
  });
  process.exitCode = status;
}

/** Evaluates recording rules over the past. The first signal stops it at a point from which it can continue. */
async function runBackfill(flags: CommandLine, backfillFlags: BackfillFlags): Promise<void> {
  const { stdout, stderr } = process;
  const { files, evaluationIntervalMs: intervalMs } = backfillFlags;
  const { features } = flags;
  const config = await loadConfig(flags.config, { features, rules: { files, intervalMs } });
  const { settings } = config;
  const options = { ...flags, clock: systemClock, version };
  const signal = new Cancellation();
  onSignals(() => {
    signal.abort(new PromfedError('canceled', 'interrupted'));
  });
  process.exitCode = await backfill(backfillFlags, {
    ...options,
    settings,
    openEngine: (results) => {
      const { serverGroups: groups } = settings;
      const serverGroups = results === undefined ? groups : withoutMetrics(groups, results.names);
      return new Runtime(
        { ...config, settings: { ...settings, serverGroups } },
        { ...options, extraGroups: results === undefined ? [] : [results.group] },
      );
    },
    openStored: () =>
      createRestoreEngine(settings.rules.restoreFrom, options) ?? new Runtime(config, options),
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    columns: stderr.isTTY ? stderr.columns : undefined,
    signal,
  });
}

/** Starts two embedded regions, and promfed in front of them. */
async function demo(flags: CommandLine, node: NodeFlags): Promise<void> {
  const demoServers = await startDemoRegions({ clock: systemClock });
  const config = parseConfig(demoConfig(demoServers.regions), 'demo');
  const server = await start({ ...flags, workers: flags.workers ?? 1 }, node, () => Promise.resolve(config));
  stopOnSignal(flags, async () => {
    await server.stop();
    await demoServers.close();
  });
  print(welcome(server.url, demoServers.queries));
}

/** A running promfed, in one process or several. */
interface Running {
  readonly url: string;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

async function start(
  flags: CommandLine,
  node: NodeFlags,
  load: ServerOptions['loadConfig'],
): Promise<Running> {
  const machineBytes = readMachineMemory(totalmem());
  const plan = planProcesses({ ...flags, machineBytes, cores: availableCores() });
  const { workers, limitBytes } = plan;
  // A closed standard output does not end a server.
  process.stdout.on('error', () => undefined);
  const lines = new LineWriter(process.stderr);
  const log = createLog(flags.logLevel, flags.logFormat, lines.write);
  if (Number(process.versions.node.split('.')[0]) < FAST_NODE) {
    log.info({ version: process.version }, 'Node.js 26 answers small queries with 25 to 30 % less CPU time');
  }
  const options: WorkerOptions = {
    ...flags,
    limitBytes,
    maxConcurrency: flags.maxConcurrency && Math.ceil(flags.maxConcurrency / workers),
    flags: { ...shownFlags(flags), workers: String(workers) },
    version,
    rules: {
      ...flags.rules,
      notificationQueueCapacity: flags.notificationQueueCapacity,
      storagePath: flags.storagePath,
      hostname: hostname(),
      cluster: clusterOf(process.env),
      externalUrl: flags.externalUrl ?? `http://${hostname()}:${flags.bindAddr.port}`,
    },
  };
  const droppedLines = (): number => lines.dropped;
  const common = { loadConfig: load, log, droppedLines, clock: systemClock, version };
  if (workers === 1) {
    const { heap_size_limit: heapLimitBytes } = getHeapStatistics();
    const oldSpaceBytes = oldSpaceLimit(heapLimitBytes, node.all);
    const memory = budgetOfProcess(limitBytes, flags.maxQueryMemory, oldSpaceBytes);
    return startServer({ ...options, ...common, memory });
  }
  const execArgv = [...node.flagsOfUser, ...nodeFlags(plan, 'server', node.given)];
  const file = fileURLToPath(new URL('worker.js', import.meta.url));
  const stopLimitMs = stopLimitOf(flags);
  return startWorkers({ ...common, count: workers, file, execArgv, options, stopLimitMs, onGivenUp: fail });
}

/** Returns the flags for the status API: URLs without passwords. */
function shownFlags({ texts }: CommandLine): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, maskUrl(text)]));
}

/** The version of the image. */
const FAST_NODE = 26;

/** Where a pod finds its service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Returns the cluster in which this process runs; undefined outside of one. */
function clusterOf(env: NodeJS.ProcessEnv): ServerOptions['rules']['cluster'] {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  if (host === '') return undefined;
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const apiServer = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { apiServer, serviceAccount: SERVICE_ACCOUNT };
}

function welcome(url: string, queries: readonly DemoQuery[]): string {
  const lines = queries.map(
    ({ title, expr }) =>
      `\n  ${title}\n    ${expr}\n    ${url}api/v1/query?query=${encodeURIComponent(expr)}\n`,
  );
  return `
promfed serves two embedded demo regions at ${url}
Add that address to Grafana as a Prometheus data source, or try:
${lines.join('')}
Ctrl-C stops it. To serve regions of your own: npm start -- --config=FILE
`;
}

/** Signals within this time of the first are ignored: a terminal and npm may both send one for the same Ctrl-C. */
const SAME_SIGNAL_MS = 1_000;

/** Time for the end of a process after its last request: queues of alerts and samples, and the lease of an election. */
const CLOSING_MS = 30_000;

/** Maximum time from a signal to the end of all workers. */
function stopLimitOf({ clientLimits }: CommandLine): number {
  return clientLimits.shutdownMs + CLOSING_MS;
}

function stopOnSignal(flags: CommandLine, stop: () => Promise<void>): void {
  onSignals(() => {
    const limitMs = stopLimitOf(flags) + SAME_SIGNAL_MS;
    const giveUp = (): void => {
      fail(new PromfedError('unavailable', `promfed did not stop within ${limitMs} ms`));
    };
    startTimer(limitMs, giveUp, false);
    stop().then(
      () => process.exit(0),
      (thrown: unknown) => {
        fail(thrown);
      },
    );
  });
}

/** Calls a function at the first signal. A second one ends the process at once. */
function onSignals(stop: () => void): void {
  let stoppingSinceMs: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const nowMs = systemClock.now();
      if (stoppingSinceMs !== undefined) {
        if (nowMs - stoppingSinceMs > SAME_SIGNAL_MS) process.exit(1);
        return;
      }
      stoppingSinceMs = nowMs;
      stop();
    });
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(thrown: unknown): void {
  process.stderr.write(`promfed: ${asPromfedError(thrown).message}\n`);
  process.exit(1);
}
