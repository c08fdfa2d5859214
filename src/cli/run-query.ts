// `promfed query` and `promfed explain`: one query, asked and its answer or its explanation written.

import type { QueryFlags, QueryOutput } from '../config/index.js';
import type { Federation } from '../federation/index.js';
import { asPromfedError, gridEndMs } from '../model/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { Clock } from '../runtime/index.js';
import { queryFederation } from './ask-federation.js';
import { queryUrl } from './ask-url.js';
import { renderChart } from './chart.js';
import { readExplanation, renderExplanation } from './explanation.js';
import { pointAt } from './point-at.js';
import { printable } from './printable.js';
import { readAnswer } from './read-answer.js';
import { settleTimes, type Request } from './request.js';
import { renderTable } from './table.js';

export interface QueryEnvironment {
  readonly clock: Clock;
  readonly version: string;
  /** The features of a query that is answered here. */
  readonly features: FeatureSet;
  /** Sent to the server that is asked at a URL; undefined to leave it to that. */
  readonly lookbackDeltaMs: number | undefined;
  /** Opens the regions of the configuration; closed here. Not called when a URL is asked. */
  readonly openFederation: () => Promise<Federation>;
  /** Takes the answer. */
  readonly out: (text: string) => void;
  /** Takes what is said about the answer, and why there is none. */
  readonly err: (text: string) => void;
  /** What the answer is written to; undefined when it is no terminal. */
  readonly terminal: { readonly columns: number; readonly colors: boolean } | undefined;
}

const COLUMNS_WITHOUT_TERMINAL = 100;

/** @returns the exit status: 0, or 1 when there is no answer; the reason has been told then. */
export async function runQuery(flags: QueryFlags, environment: QueryEnvironment): Promise<0 | 1> {
  const { out, err } = environment;
  try {
    const { expr, timeoutMs, explain } = flags;
    const request = { expr, timeoutMs, explain, ...settleTimes(flags.times, environment.clock.now()) };
    const body = await ask(flags.url, request, environment);
    if (explain !== undefined) {
      const explanation = readExplanation(body);
      out(flags.output === 'json' ? asLines(body) : renderExplanation(explanation));
      if (explanation.failure !== undefined) err(`promfed: ${printable(explanation.failure)}\n`);
      return explanation.failure === undefined ? 0 : 1;
    }
    const answer = readAnswer(body);
    out(render(flags.output, body, answer, request, environment.terminal));
    for (const warning of answer.warnings) err(`warning: ${printable(warning)}\n`);
    for (const info of answer.infos) err(`info: ${printable(info)}\n`);
    return 0;
  } catch (thrown) {
    const { message } = asPromfedError(thrown);
    err(`promfed: ${message.split('\n').map(printable).join('\n')}\n${pointAt(flags.expr, message)}`);
    return 1;
  }
}

async function ask(
  url: string | undefined,
  request: Request,
  environment: QueryEnvironment,
): Promise<string> {
  if (url !== undefined) return queryUrl(url, request, environment);
  const federation = await environment.openFederation();
  try {
    return await queryFederation(federation, request, environment.features);
  } finally {
    await federation.close();
  }
}

function render(
  wanted: QueryOutput | undefined,
  body: string,
  answer: ReturnType<typeof readAnswer>,
  { kind, grid }: Request,
  terminal: QueryEnvironment['terminal'],
): string {
  const output = wanted ?? (kind === 'range' && terminal !== undefined ? 'chart' : 'table');
  if (output === 'json') return asLines(body);
  if (output === 'table') return renderTable(answer);
  return renderChart(answer, {
    columns: terminal?.columns ?? COLUMNS_WITHOUT_TERMINAL,
    colors: terminal?.colors ?? false,
    startMs: grid.startMs,
    endMs: gridEndMs(grid),
  });
}

function asLines(body: string): string {
  return body.endsWith('\n') ? body : `${body}\n`;
}
