// Hostile cases: an attack on promfed, and the check that promfed stays healthy and bounded.

import { appendFileSync } from 'node:fs';

import { until } from '../until.js';
import { startHealthProbe } from './health-probe.js';
import { sendData, timeOf, type HostileRegions } from './hostile-regions.js';
import { MEMORY_BYTES, type HostileServer } from './hostile-server.js';
import { send } from './requests.js';

/** Longest time in milliseconds that /-/healthy may take during an attack, on an idle machine. */
const MAX_HEALTH_MS = 250;

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
}

/** The part of tap's test object that a case needs. */
export interface Checks {
  ok(value: unknown, message: string): unknown;
  equal(actual: unknown, expected: unknown, message: string): unknown;
}

/**
 * Runs one case alone and checks that promfed answers /-/healthy in time, keeps running within its memory, returns what
 * it has reserved, and still answers a well-behaved client correctly.
 */
export async function runCase(t: Checks, one: HostileCase, { server, regions }: Arena): Promise<void> {
  one.prepare?.(regions);
  server.resetPeak();
  const requestsBefore = regions.requestCount;
  const endProbe = startHealthProbe(server.url);
  const startMs = performance.now();
  const result = await one.attack({ server, regions });
  const attackMs = performance.now() - startMs;
  const health = await endProbe();
  if (!t.ok(server.isRunning(), `promfed runs; its output: ${server.output().slice(-2000)}`)) return;
  const problem = one.problem?.(result, regions.requestCount - requestsBefore);
  t.equal(problem, undefined, 'the attack is answered as it should be');
  const allowedMs = MAX_HEALTH_MS * health.slowness;
  t.ok(
    health.worstMs <= allowedMs,
    `/-/healthy took up to ${health.worstMs.toFixed(0)} ms, ${allowedMs.toFixed(0)} ms are allowed`,
  );
  t.equal(health.failures[0], undefined, '/-/healthy always answers');
  const peakBytes = server.peakRssBytes();
  t.ok(peakBytes <= MEMORY_BYTES, `peak memory is ${(peakBytes / 1e6).toFixed(0)} MB`);
  await until(async () => (await server.heldBytes()) === 0, 'the budget to be returned');
  t.equal(await wellBehaved(server), undefined, 'a well-behaved client gets the right answer');
  recordResult({
    case: one.name,
    healthMs: health.worstMs,
    slowness: health.slowness,
    peakMB: peakBytes / 1e6,
    attackMs,
  });
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
export async function wellBehaved({ url }: HostileServer): Promise<string | undefined> {
  const { status, text } = await send(url, '/api/v1/query', { query: 'sum(max by (region) (well_behaved))' });
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
