// Expands the templates of the tables.

import { Labels, PromfedError } from '../../../src/model/index.js';
import {
  expandTemplate,
  type ExpandOptions,
  parseTemplate,
  type TemplateData,
  type TemplateSample,
} from '../../../src/rules/template/index.js';
import { EXTERNAL_LABELS, EXTERNAL_URL, LABELS, NAME, TWO } from './template-case.js';

export type Query = ExpandOptions['query'];

export function templateData(parts: Partial<TemplateData> = {}): TemplateData {
  return {
    labels: Labels.from(LABELS),
    externalLabels: Labels.from(EXTERNAL_LABELS),
    externalUrl: EXTERNAL_URL,
    value: 1.5,
    isPartial: false,
    ...parts,
  };
}

export function templateSample(
  labels: Record<string, string>,
  value: TemplateSample['value'],
): TemplateSample {
  return { labels: Labels.from(labels), value };
}

/** Answers the queries of the tables. */
const tableQuery: Query = (expr) => {
  const vector = /^(?:scalar\()?vector\(([^()]*)\)\)?$/.exec(expr);
  if (vector !== null) return Promise.resolve([templateSample({}, Number(vector[1]))]);
  switch (expr) {
    case TWO:
      return Promise.resolve([templateSample({ a: 'y' }, 2), templateSample({ a: 'x' }, 1)]);
    case '1 + 1':
      return Promise.resolve([templateSample({}, 2)]);
    case 'vector(1) > 2':
      return Promise.resolve([]);
    default:
      return Promise.reject(new Error(`unknown query: ${expr}`));
  }
};

export interface Outcome {
  readonly expected?: string;
  /** Error of the expansion, without Prometheus' prefix. */
  readonly error?: string;
  readonly parseError?: string;
}

/** Parses and expands a template as an annotation of the alert T. */
export async function outcomeOf(
  template: string,
  { data = templateData(), query = tableQuery }: { data?: TemplateData; query?: Query } = {},
): Promise<Outcome> {
  let parsed;
  try {
    parsed = parseTemplate(template, NAME);
  } catch (error) {
    return { parseError: messageOf(error, ['bad_data']) };
  }
  try {
    const options = { query, pathPrefix: new URL(EXTERNAL_URL).pathname, nowMs: 1_353_755_652_000 };
    return { expected: await expandTemplate(parsed, data, options) };
  } catch (error) {
    const message = messageOf(error, ['execution', 'limit']);
    return { error: message.replace(`error executing template ${NAME}: `, '') };
  }
}

/** Returns the message of a PromfedError with one of the codes; throws any other error. */
function messageOf(error: unknown, codes: readonly string[]): string {
  if (error instanceof PromfedError && codes.includes(error.code)) return error.message;
  throw error;
}
