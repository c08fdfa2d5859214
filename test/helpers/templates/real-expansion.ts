// Expands templates with a real Prometheus, as annotations of alerting rules.

import { until } from '../until.js';
import { startPrometheus, type Teardown } from '../real-servers/real-servers.js';
import type { Query } from './expand.js';
import { templateSample } from './expand.js';
import { EXTERNAL_LABELS, EXTERNAL_URL } from './template-case.js';

/** A template with the series of its alert. */
export interface RealTemplate {
  readonly template: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const ARGS = [`--web.external-url=${EXTERNAL_URL}`, '--web.route-prefix=/', '--log.format=json'];

/** Prints a PromQL expression with one series. */
function seriesExpr({ labels, value }: RealTemplate): string {
  let expr = `vector(${promNumber(value)})`;
  for (const [name, text] of Object.entries(labels)) {
    expr = `label_replace(${expr}, "${name}", ${JSON.stringify(text)}, "", "")`;
  }
  return expr;
}

function promNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Inf' : 'Inf';
}

/** One group with an alert for each template. A label distinguishes the alerts; templates do not see it. */
function ruleFile(templates: readonly RealTemplate[]): string {
  const rules = templates.map((one, i) => ({
    alert: 'T',
    expr: seriesExpr(one),
    labels: { template: String(i) },
    annotations: { text: one.template },
  }));
  return JSON.stringify({ groups: [{ name: 'templates', interval: '1s', rules }] });
}

/** Returns the parse errors of Prometheus, by the index of the template. */
export async function realParseErrors(templates: readonly RealTemplate[]): Promise<Map<number, string>> {
  const teardowns: (() => void | Promise<void>)[] = [];
  const teardown = (handler: () => void | Promise<void>): void => void teardowns.push(handler);
  let output = '';
  try {
    await startPrometheus({ teardown }, { rules: [ruleFile(templates)], args: ARGS });
  } catch (error) {
    // Prometheus does not start with invalid rules.
    output = error instanceof Error ? error.message : String(error);
  } finally {
    for (const handler of teardowns) await handler();
  }
  const errors = new Map<number, string>();
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { err = '' } = JSON.parse(line) as { err?: string };
    for (const part of err.split(/\n(?=\S+: group "templates", rule)/)) {
      const match = /rule (\d+), "T": annotation "text": (template: [^]*)$/.exec(part);
      if (match !== null) errors.set(Number(match[1]) - 1, match[2]!);
    }
  }
  return errors;
}

export interface RealExpansions {
  readonly version: string;
  /** Annotations in the order of the templates; an empty annotation is dropped by Prometheus. */
  readonly annotations: readonly string[];
  readonly query: Query;
}

interface RulesAnswer {
  readonly data: {
    readonly groups: readonly {
      readonly rules: readonly { readonly alerts?: readonly { readonly annotations: { text?: string } }[] }[];
    }[];
  };
}

/** Returns the annotations that Prometheus computes. All templates must be valid. */
export async function realExpansions(
  t: Teardown,
  templates: readonly RealTemplate[],
): Promise<RealExpansions> {
  const { url } = await startPrometheus(t, {
    rules: [ruleFile(templates)],
    externalLabels: EXTERNAL_LABELS,
    args: ARGS,
  });
  const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
  let annotations: string[] = [];
  await until(async () => {
    const { data } = (await get('/api/v1/rules')) as RulesAnswer;
    const rules = data.groups.flatMap((group) => group.rules);
    annotations = rules.flatMap(({ alerts = [] }) => alerts.map((alert) => alert.annotations.text ?? ''));
    return annotations.length === templates.length;
  }, 'an alert of every rule');
  const build = (await get('/api/v1/status/buildinfo')) as { data: { version: string } };
  return { version: build.data.version, annotations, query: realQuery(url) };
}

interface QueryAnswer {
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
  readonly error?: string;
}

function realQuery(url: string): Query {
  return async (expr) => {
    const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`);
    const { data, error } = (await response.json()) as QueryAnswer;
    if (data === undefined) throw new Error(error ?? 'query failed');
    if (data.resultType === 'scalar') {
      return [templateSample({}, Number((data.result as unknown as [number, string])[1]))];
    }
    return data.result.map(({ metric, value }) => templateSample(metric, Number(value[1])));
  };
}
