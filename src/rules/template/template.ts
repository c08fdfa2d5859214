// Templates of alerting rules: parsed once for each rule, expanded for each alert.

import { asPromfedError, type Histogram, type Labels, PromfedError } from '../../model/index.js';
import { Evaluator } from './eval/evaluator.js';
import { Run, StepCounter } from './eval/run.js';
import { CallError } from './functions/function.js';
import { FUNCTION_NAMES } from './functions/table.js';
import type { ListNode } from './language/nodes.js';
import { parseTemplateSet, type TemplateSet } from './language/parser.js';
import { MAX_QUERIES } from './limits.js';
import {
  bool,
  list,
  pointer,
  SAMPLE,
  sampleValue,
  string,
  stringMap,
  type StructValue,
  type Value,
} from './values/value.js';

/** A parsed template. Immutable; expansions may run at the same time. */
export interface Template {
  readonly name: string;
  /** With the definitions that Prometheus adds: positions in errors count them. */
  readonly source: string;
  readonly main: ListNode;
  readonly set: TemplateSet;
}

/** One sample of a query result. */
export interface TemplateSample {
  readonly labels: Labels;
  readonly value: number | Histogram;
}

/** Data of the alert that a template describes. */
export interface TemplateData {
  readonly labels: Labels;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly value: number | Histogram;
  /** True when a region did not answer. `$isPartial` in templates, an extension of promfed. */
  readonly isPartial: boolean;
}

export interface ExpandOptions {
  /** Runs an instant query at the time of the evaluation. */
  readonly query: (expr: string) => Promise<readonly TemplateSample[]>;
  /** Path of the external URL. */
  readonly pathPrefix: string;
  /** Time of the evaluation in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Definitions before each template. Source: Prometheus, rules/alerting.go (`Eval`). */
const DEFINITIONS =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}';
const IS_PARTIAL = '$isPartial';

/** Go's name of the type of the data. */
const DATA_TYPE =
  'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }';

/**
 * Parses a label or an annotation of an alerting rule.
 *
 * @param name shown in errors; Prometheus uses `__alert_` and the name of the rule.
 * @throws PromfedError `bad_data` with Go's text `template: NAME:LINE: …`.
 */
export function parseTemplate(text: string, name: string): Template {
  const source = DEFINITIONS + text;
  const set = parseTemplateSet(source, { name, functions: FUNCTION_NAMES, variables: [IS_PARTIAL] });
  return { name, source, main: set.get(name)!, set };
}

/**
 * Expands a template.
 *
 * Evaluation is synchronous. It stops at a query that has not run yet, and starts again when the result is there.
 *
 * @throws PromfedError with Prometheus' text `error executing template NAME: template: NAME:LINE:COLUMN: …`, with code
 *   `execution`, or `limit` when the template exceeds a limit of promfed.
 */
export async function expandTemplate(
  template: Template,
  data: TemplateData,
  options: ExpandOptions,
): Promise<string> {
  const dot = dataValue(data);
  const steps = new StepCounter();
  const results = new Map<string, QueryResult>();
  for (;;) {
    try {
      return expandOnce(template, dot, data, options, steps, results);
    } catch (error) {
      if (!(error instanceof QueryNeeded)) {
        const { code, message } = asPromfedError(error);
        throw new PromfedError(code, `error executing template ${template.name}: ${message}`, {
          cause: error,
        });
      }
      results.set(error.expr, await runQuery(error.expr, options));
    }
  }
}

type QueryResult = { readonly samples: readonly TemplateSample[] } | { readonly error: string };

/** Stops an evaluation at a query without a result. */
class QueryNeeded extends Error {
  readonly expr: string;

  constructor(expr: string) {
    super('query needed');
    this.expr = expr;
  }
}

async function runQuery(expr: string, { query }: ExpandOptions): Promise<QueryResult> {
  try {
    return { samples: await query(expr) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function expandOnce(
  { name, source, main, set }: Template,
  dot: Value,
  { externalUrl, isPartial }: TemplateData,
  { pathPrefix, nowMs }: ExpandOptions,
  steps: StepCounter,
  results: ReadonlyMap<string, QueryResult>,
): string {
  const run = new Run(name, source, steps);
  const evaluator = new Evaluator(set, run, {
    query: (expr) => queryValue(expr, results),
    externalUrl,
    pathPrefix,
    nowMs,
    spend: (count) => {
      run.spend(count);
    },
  });
  evaluator.evaluate(main, dot, [[IS_PARTIAL, bool(isPartial)]]);
  return run.output;
}

function queryValue(expr: string, results: ReadonlyMap<string, QueryResult>): Value {
  const result = results.get(expr);
  if (result === undefined) {
    if (results.size >= MAX_QUERIES) {
      throw new PromfedError('limit', `template exceeds the limit of ${MAX_QUERIES} queries`);
    }
    throw new QueryNeeded(expr);
  }
  if ('error' in result) throw new CallError(result.error);
  return list(
    result.samples.map(({ labels, value }) =>
      pointer(
        struct(SAMPLE, [
          ['Labels', stringMap(labels)],
          ['Value', sampleValue(value)],
        ]),
      ),
    ),
  );
}

function struct(type: string, fields: readonly (readonly [string, Value])[]): StructValue {
  return { kind: 'struct', type, fields: new Map(fields) };
}

function dataValue({ labels, externalLabels, externalUrl, value }: TemplateData): StructValue {
  return struct(DATA_TYPE, [
    ['Labels', stringMap(labels)],
    ['ExternalLabels', stringMap(externalLabels)],
    ['ExternalURL', string(externalUrl)],
    ['Value', sampleValue(value)],
  ]);
}
