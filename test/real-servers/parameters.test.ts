// Parameters of all endpoints in unusual forms, to promfed and to Prometheus: equal status, error, data and redirects.

import t from 'tap';

import { nameOf, PARAMETER_CASES } from '../helpers/parameters/cases.js';
import { DEVIATIONS } from '../helpers/parameters/deviations.js';
import { sendRaw, type RawAnswer, type RawRequest } from '../helpers/parameters/raw-request.js';
import { startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';

const skip = withoutRealServers();
const START_MS = 1_750_000_000_000;

const SERIES = ['a', 'b'].flatMap((job) =>
  ['x', 'y'].map((name) => ({
    labels: { __name__: name, job },
    timestamps: Array.from({ length: 61 }, (_, i) => START_MS + i * 60_000),
    values: Array.from({ length: 61 }, (_, i) => i),
  })),
);

/** Prints an answer in one line. Redirects of Prometheus have a page, which no client shows. */
function print({ path }: RawRequest, { status, location, allow, text }: RawAnswer): string {
  const body = location === undefined ? canonical(text, path.startsWith('/api/v1/series')) : '';
  return [status, location, allow, body].filter((part) => part !== undefined).join(' ');
}

/** Prints JSON without the differences that no client notices: escapes, digits of numbers, and the order of /series. */
function canonical(text: string, sorts: boolean): string {
  if (!text.startsWith('{')) return text.replace('Prometheus Server', 'promfed').trim();
  const answer = JSON.parse(text) as { data?: unknown };
  if (sorts && Array.isArray(answer.data)) answer.data = answer.data.map((one) => JSON.stringify(one)).sort();
  return JSON.stringify(answer);
}

t.test('parameters are parsed as Prometheus parses them', { skip }, async (t) => {
  const prometheus = await startPrometheus(t);
  await importIntoPrometheus(prometheus.url, SERIES);
  const { url } = await startPromfed(
    t,
    `promxy: { server_groups: [{ static_configs: [{ targets: ['${new URL(prometheus.url).host}'] }] }] }`,
  );
  const differences: string[] = [];
  const unusedDeviations = new Set(DEVIATIONS);
  for (const request of PARAMETER_CASES) {
    const answers = await Promise.all([sendRaw(url, request), sendRaw(prometheus.url, request)]);
    const [actual, expected] = answers.map((answer) => print(request, answer)) as [string, string];
    if (actual === expected) continue;
    const name = nameOf(request);
    const deviation = DEVIATIONS.find((one) => one.request.test(name) && one.answer.test(actual));
    if (deviation !== undefined) unusedDeviations.delete(deviation);
    else
      differences.push(
        `${name}\n  promfed    ${actual.slice(0, 300)}\n  Prometheus ${expected.slice(0, 300)}`,
      );
  }
  t.equal(differences.join('\n'), '', `no difference in ${PARAMETER_CASES.length} requests`);
  t.same([...unusedDeviations], [], 'every deviation is one');
});
