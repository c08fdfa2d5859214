// Runs `promfed backfill` within the test's process.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { backfill } from '../../../../src/cli/index.js';
import { parseConfig, parseFlags } from '../../../../src/config/index.js';
import type { QueryEngine } from '../../../../src/federation/index.js';
import { Cancellation, systemClock } from '../../../../src/runtime/index.js';
import { withoutMetrics } from '../../../../src/rules/backfill/index.js';
import { Runtime } from '../../../../src/server/index.js';
import type { Teardown } from '../../real-servers/server-process.js';

export interface BackfillRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface BackfillSetup {
  readonly folder: string;
  /** Runs the command. */
  run(command: BackfillCommand): Promise<BackfillRun>;
}

export interface BackfillCommand {
  /** The flags after `backfill`. */
  readonly flags: readonly string[];
  /** The configuration without `rule_files`. */
  readonly config: string;
  /** Called before each query. @param signal stops the backfill. */
  readonly onQuery?: (signal: Cancellation) => void;
}

/** Writes the rule file to a folder, which is removed at the teardown of `t`. */
export function setUpBackfill(t: Teardown, rules: string): BackfillSetup {
  const folder = mkdtempSync(join(tmpdir(), 'promfed-backfill-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'rules.yaml'), rules);
  return {
    folder,
    async run({ flags: args, config, onQuery }) {
      const resume = `--resume-file=${join(folder, 'state.json')}`;
      const flags = parseFlags(['backfill', resume, ...args], []);
      const { files, evaluationIntervalMs: intervalMs } = flags.backfill!;
      const loaded = parseConfig(`rule_files: [rules.yaml]\n${config}`, join(folder, 'promfed.yaml'), {
        rules: { files, intervalMs },
      });
      let out = '';
      let err = '';
      const signal = new Cancellation();
      const status = await backfill(flags.backfill!, {
        ...flags,
        clock: systemClock,
        version: 'test',
        settings: loaded.settings,
        openEngine: (results) => {
          const { serverGroups } = loaded.settings;
          const settings = {
            ...loaded.settings,
            serverGroups: results === undefined ? serverGroups : withoutMetrics(serverGroups, results.names),
          };
          const extraGroups = results === undefined ? [] : [results.group];
          const runtime = new Runtime(
            { ...loaded, settings },
            { ...flags, clock: systemClock, version: 'test', extraGroups },
          );
          const engine: QueryEngine = {
            ...runtime.engine,
            evaluate: (request) => {
              onQuery?.(signal);
              return runtime.engine.evaluate(request);
            },
          };
          return { engine, close: () => runtime.close() };
        },
        openStored: () => new Runtime(loaded, { ...flags, clock: systemClock, version: 'test' }),
        out: (text) => (out += text),
        err: (text) => (err += text),
        columns: undefined,
        retryDelaysMs: [1],
        signal,
      });
      return { status, out, err };
    },
  };
}

/** Milliseconds since the epoch; both ends are inclusive. */
export interface RangeGrid {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [timeS: number, value: string])[];
}

/** Returns the answer of a server to a range query, sorted by labels. Times in milliseconds. */
export async function rangeOf(
  url: string,
  query: string,
  { startMs, endMs, stepMs }: RangeGrid,
): Promise<readonly Series[]> {
  const parameters = new URLSearchParams({
    query,
    start: String(startMs / 1000),
    end: String(endMs / 1000),
    step: String(stepMs / 1000),
    nocache: '1',
    latency_offset: '1ms',
  });
  const response = await fetch(`${url}/api/v1/query_range?${parameters.toString()}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`query_range: ${response.status} ${text}`);
  const { data } = JSON.parse(text) as { data: { result: Series[] } };
  const keyOf = ({ metric }: Series): string => JSON.stringify(Object.entries(metric).sort());
  return data.result.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
