// `promfed query` and `promfed explain`: runs one query and writes its answer or its explanation.

import type { QueryFlags } from '../config/index.js';
import { asPromfedError, gridEndMs } from '../model/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { Clock } from '../runtime/index.js';
import { renderChart } from './chart.js';
import { pointAt } from './point-at.js';
import { printable } from './printable.js';
import { engineSource, type OpenEngine } from './query-federation.js';
import { urlSource } from './query-url.js';
import { resolveTimes, type CommandRequest } from './request.js';
import type { AnswerSource, SourceAnswer } from './source.js';
import { renderTable } from './table.js';

export interface QueryEnvironment {
  readonly clock: Clock;
  readonly version: string;
  /** Features of queries that the federation runs. */
  readonly features: FeatureSet;
  /** Sent to the server at a URL; undefined for the default of that server. */
  readonly lookbackDeltaMs: number | undefined;
  /** Opens the server groups of the configuration; closed by `runQuery`. Not called when a URL is queried. */
  readonly openEngine: () => Promise<OpenEngine>;
  /** Receives the answer. */
  readonly out: (text: string) => void;
  /** Receives warnings, infos and errors. */
  readonly err: (text: string) => void;
  /** The terminal that the answer is written to; undefined for anything else. */
  readonly terminal: { readonly columns: number; readonly colors: boolean } | undefined;
}

const COLUMNS_WITHOUT_TERMINAL = 100;

/** @returns the exit status: 0, or 1 after an error was written. */
export async function runQuery(flags: QueryFlags, environment: QueryEnvironment): Promise<0 | 1> {
  try {
    const { expr: text, timeoutMs } = flags;
    const request = { text, timeoutMs, ...resolveTimes(flags.times, environment.clock.now()) };
    const source = await openSource(flags.url, environment);
    try {
      return flags.explain === undefined
        ? await writeAnswer(source, request, flags, environment)
        : await writeExplanation(source, request, flags.explain.analyze, flags, environment);
    } finally {
      await source.close();
    }
  } catch (thrown) {
    const { message } = asPromfedError(thrown);
    const lines = message.split('\n').map(printable).join('\n');
    environment.err(`promfed: ${lines}\n${pointAt(flags.expr, message)}`);
    return 1;
  }
}

async function openSource(url: string | undefined, environment: QueryEnvironment): Promise<AnswerSource> {
  if (url !== undefined) return urlSource(url, environment);
  return engineSource(await environment.openEngine(), environment.features);
}

async function writeAnswer(
  source: AnswerSource,
  request: CommandRequest,
  flags: QueryFlags,
  environment: QueryEnvironment,
): Promise<0> {
  const { err } = environment;
  const answer = await source.query(request);
  try {
    render(answer, request, flags, environment);
    for (const warning of answer.warnings) err(`warning: ${printable(warning)}\n`);
    for (const info of answer.infos) err(`info: ${printable(info)}\n`);
    return 0;
  } finally {
    answer.release();
  }
}

function render(
  answer: SourceAnswer,
  { kind, grid }: CommandRequest,
  { output }: QueryFlags,
  { out, terminal }: QueryEnvironment,
): void {
  switch (output ?? (kind === 'range' && terminal !== undefined ? 'chart' : 'table')) {
    case 'json':
      writeLines(answer.json(), out);
      return;
    case 'table':
      out(renderTable(answer.view()));
      return;
    case 'chart':
    case 'text':
      out(
        renderChart(answer.view(), {
          columns: terminal?.columns ?? COLUMNS_WITHOUT_TERMINAL,
          colors: terminal?.colors ?? false,
          startMs: grid.startMs,
          endMs: gridEndMs(grid),
        }),
      );
  }
}

async function writeExplanation(
  source: AnswerSource,
  request: CommandRequest,
  analyze: boolean,
  { output }: QueryFlags,
  { out, err }: QueryEnvironment,
): Promise<0 | 1> {
  const explanation = await source.explain(request, analyze);
  const { text, failure } = explanation;
  if (output === 'json') writeLines(explanation.json(), out);
  else for (const line of text.split('\n')) out(`${printable(line)}\n`);
  if (failure === undefined) return 0;
  err(`promfed: ${printable(failure)}\n`);
  return 1;
}

/** Writes the parts of a text, with a line break at its end. */
function writeLines(parts: Iterable<string>, out: (text: string) => void): void {
  let last = '';
  for (const part of parts) {
    out(part);
    last = part;
  }
  if (!last.endsWith('\n')) out('\n');
}
