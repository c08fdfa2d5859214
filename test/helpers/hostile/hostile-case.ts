// Hostile cases: an attack on promfed, and the check that promfed stays healthy and bounded.

import { appendFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../until.js';
import { startHealthProbe } from './health-probe.js';
import { sendData, timeOf, type HostileRegions } from './hostile-regions.js';
import { MEMORY_BYTES, type HostileServer } from './hostile-server.js';
import { send } from './requests.js';

/** Longest time in milliseconds that /-/healthy may take during an attack, on an idle machine. */
const MAX_HEALTH_MS = 250;

/** Every attack ends before, because promfed closes its connections. */
const MAX_ATTACK_MS = 60_000;

export interface Arena {
  readonly server: HostileServer;
  readonly regions: HostileRegions;
}

export interface HostileCase {
  /** Item of the threat and what the attacker does. */
  readonly name: string;
  /** True for a case that `npm test` runs. All run in `npm run hostile`. */
  readonly fast: boolean;
  /** Makes the regions answer what the attack needs. Called once for each arena. */
  readonly prepare?: (regions: HostileRegions) => void;
  /** Attacks, and returns when promfed has answered. Other attacks may run at the same time. */
  readonly attack: (arena: Arena) => Promise<unknown>;
  /** Returns what is wrong with the result of an attack that ran alone. */
  readonly problem?: (result: unknown, requestCount: number) => string | undefined;
}

/** A row of the table that `npm run hostile` prints. */
export interface CaseResult {
  readonly case: string;
  /** The longest time that /-/healthy took. */
  readonly healthMs: number;
  readonly slowness: number;
  readonly peakMB: number;
  readonly attackMs: number;
  readonly problems: readonly string[];
}

/** The part of tap's test object that a case needs. */
export interface Checks {
  ok(value: unknown, message: string): unknown;
  comment(message: string): unknown;
}

/**
 * Runs one case alone and checks that promfed answers /-/healthy in time, keeps running within its memory, returns what
 * it has reserved, and still answers a well-behaved client correctly. Returns the problems.
 */
export async function runCase(
  t: Checks,
  one: HostileCase,
  { server, regions }: Arena,
): Promise<readonly string[]> {
  one.prepare?.(regions);
  server.resetPeak();
  const requestsBefore = regions.requestCount;
  const endProbe = startHealthProbe(server.url);
  const startMs = performance.now();
  const ended = await Promise.race([
    one.attack({ server, regions }).then((result) => ({ result })),
    sleep(MAX_ATTACK_MS, undefined, { ref: false }),
  ]);
  const attackMs = performance.now() - startMs;
  const health = await endProbe();
  const peakBytes = server.isRunning() ? server.peakRssBytes() : NaN;
  const { problems, check } = collectProblems(t);
  check(server.isRunning(), 'promfed has ended');
  check(ended !== undefined, `the attack goes on after ${MAX_ATTACK_MS / 1000} s`);
  if (server.isRunning()) {
    const problem = ended && one.problem?.(ended.result, regions.requestCount - requestsBefore);
    check(problem === undefined, problem ?? '');
    const allowedMs = MAX_HEALTH_MS * health.slowness;
    check(
      health.worstMs <= allowedMs,
      `/-/healthy took ${health.worstMs.toFixed(0)} ms, ${allowedMs.toFixed(0)} ms are allowed`,
    );
    check(health.failures.length === 0, `/-/healthy fails: ${health.failures[0] ?? ''}`);
    check(peakBytes <= MEMORY_BYTES, `peak memory is ${(peakBytes / 1e6).toFixed(0)} MB`);
    const isReturned = until(async () => (await server.heldBytes()) === 0, 'the budget to be returned');
    check(
      await isReturned.then(
        () => true,
        () => false,
      ),
      'the budget is not returned',
    );
    const wrong = await wellBehaved(server);
    check(wrong === undefined, `a well-behaved client gets ${wrong ?? ''}`);
  } else t.comment(server.output().slice(-2000));
  recordResult({
    case: one.name,
    healthMs: health.worstMs,
    slowness: health.slowness,
    peakMB: peakBytes / 1e6,
    attackMs,
    problems,
  });
  return problems;
}

/** Returns a list, and a function that fails the test and adds a problem to the list unless its condition holds. */
export function collectProblems(t: Checks): {
  readonly problems: readonly string[];
  readonly check: (isRight: boolean, problem: string) => void;
} {
  const problems: string[] = [];
  return {
    problems,
    check: (isRight, problem) => {
      t.ok(isRight, isRight ? 'as it should be' : problem);
      if (!isRight) problems.push(problem);
    },
  };
}

/** Makes the regions answer the queries of well-behaved clients. */
export function prepareWellBehaved(regions: HostileRegions): void {
  regions.serve('well_behaved', (response, request, region) => {
    const metric = { __name__: 'well_behaved', instance: 'a' };
    const at = Number(timeOf(request));
    const result = region === 'rr' ? [] : [{ metric, value: [at, region === 'r0' ? '1' : '2'] }];
    sendData(response, { resultType: 'vector', result });
  });
}

/** Sends one query of a well-behaved client. Returns what is wrong with the answer, undefined for the right one. */
export async function wellBehaved({ url }: HostileServer, agent?: Agent): Promise<string | undefined> {
  const parameters = { query: 'sum(max by (region) (well_behaved))' };
  const { status, text } = await send(url, '/api/v1/query', parameters, 'GET', agent);
  const value = /"value":\[[0-9.]+,"([^"]*)"\]/.exec(text)?.[1];
  return status === 200 && value === '3' && !text.includes('warnings')
    ? undefined
    : `${status} ${text.slice(0, 500)}`;
}

/** Appends a line to the results of `npm run hostile`. */
export function recordResult(row: CaseResult): void {
  const path = process.env['PROMFED_HOSTILE_RESULTS'];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(row)}\n`);
}
