// Grafana's dashboard variables in queries, replaced by typical values.

/** `$name`, `${name}`, `${name:format}` and `[[name]]`; between brackets of a range it is a duration, else a word. */
const VARIABLE = /\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\]/g;

const DURATIONS: ReadonlySet<string> = new Set([
  '__interval',
  '__rate_interval',
  '__range',
  'interval',
  'resolution',
]);

/** Built-in variables that stand for numbers. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['__interval_ms', '60000'],
  ['__range_s', '3600'],
  ['__range_ms', '3600000'],
]);

/** A query as a dashboard would send it: durations become `5m`, numbers a number, all others the word `value`. */
export function replaceGrafanaVariables(query: string): string {
  return query.replace(VARIABLE, (_, braced?: string, plain?: string, bracketed?: string) => {
    const name = braced ?? plain ?? bracketed ?? '';
    if (DURATIONS.has(name)) return '5m';
    return NUMBERS.get(name) ?? 'value';
  });
}

/** Reports whether Grafana answers the query itself (`label_values(…)`); it is not PromQL. */
export function isGrafanaQuery(query: string): boolean {
  return /^\s*(?:label_values|label_names|metrics|query_result)\(/.test(query);
}
