// Every query of the KOF dashboards over the demo's regions. A query may fail, but not because of promfed.

import { readFileSync } from 'node:fs';

import t from 'tap';

import { demoConfig, startDemoRegions } from '../../src/demo/index.js';
import { isGrafanaQuery, replaceGrafanaVariables } from '../helpers/promql/grafana-variables.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import { sharedPath, withoutShared } from '../helpers/shared.js';

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const FILE = sharedPath('kof/queries.txt');
const skip = withoutShared('kof/queries.txt');
/** Errors of the query and its data, which Prometheus would return as well. */
const FAULTS_OF_THE_QUERY = /many-to-many|many-to-one|same labelset|duplicate/;

for (const pushdown of [true, false]) {
  t.test(`every KOF query is evaluated, pushdown ${pushdown ? 'on' : 'off'}`, { skip }, async (t) => {
    const clock = { now: (): number => NOW_MS };
    const demo = await startDemoRegions({ clock });
    t.teardown(() => demo.close());
    const { url } = await startPromfed(t, demoConfig(demo.regions), { clock, pushdown });
    const queries = [...new Set(readFileSync(FILE, 'utf8').split('\n'))]
      .filter((line) => line.trim() !== '' && !isGrafanaQuery(line))
      .map(replaceGrafanaVariables);
    t.ok(queries.length > 500, `${queries.length} queries`);
    const problems: string[] = [];
    let answered = 0;
    for (const query of queries) {
      const answer = await api(url, '/api/v1/query', { query, time: String(NOW_MS / 1000) });
      if (answer.status === 'success') answered++;
      else if (answer.errorType !== 'execution' || !FAULTS_OF_THE_QUERY.test(answer.error ?? '')) {
        problems.push(`${query}: ${answer.errorType ?? ''}: ${answer.error ?? ''}`);
      }
    }
    t.strictSame(problems, []);
    t.ok(answered > 0.9 * queries.length, `${answered} of ${queries.length} have an answer`);
  });
}
