// `promfed check rules --live`: selectors that match nothing, by server group, in real regions.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

import { checkRules } from '../../src/cli/index.js';
import { parseConfig, parseFlags } from '../../src/config/index.js';
import { systemClock } from '../../src/runtime/index.js';
import { openGroups } from '../../src/server/index.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';

const RULES = `groups:
- name: g
  rules:
  - { record: 'up:sum', expr: sum(up) }
  - { record: derived, expr: 'up:sum * 2' }
  - alert: Both
    expr: |
      up{job="a"} == 0
        and on () rate(eu_only[5m]) > 0
  - { alert: Absent, expr: 'absent(nothing) or absent_over_time(nothing[1h])' }
  - { alert: Nowhere, expr: 'sum(nothing{x=~"y|z"}) / sum(up)' }
  - { alert: Region, expr: 'up{region="eu"} + eu_only{region="us"}' }
  - { alert: Old, expr: 'increase(old[1h])' }
  - { alert: Recent, expr: 'old' }
`;

t.test(
  'selectors that match nothing are reported by server group',
  { skip: withoutRealServers() },
  async (t) => {
    const [eu, us] = await Promise.all([startPrometheus(t), startVictoriaMetrics(t)]);
    const nowMs = Date.now();
    const timestamps = [nowMs - 60_000, nowMs - 30_000];
    const old = { labels: { __name__: 'old' }, timestamps: [nowMs - 1_800_000], values: [1] };
    const up = { labels: { __name__: 'up', job: 'a' }, timestamps, values: [1, 1] };
    await importIntoPrometheus(eu.url, [
      old,
      up,
      { labels: { __name__: 'eu_only' }, timestamps, values: [1, 2] },
    ]);
    await importIntoVictoriaMetrics(us.url, [old, up]);
    const folder = mkdtempSync(join(tmpdir(), 'promfed-live-'));
    t.teardown(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'rules.yaml');
    writeFileSync(path, RULES);

    const groupOf = (name: string, host: string, more = ''): string =>
      `    - { name: ${name}, static_configs: [{ targets: ['${host}'] }], labels: { region: ${name} }${more} }\n`;
    const regions = groupOf('eu', new URL(eu.url).host) + groupOf('us', new URL(us.url).host);
    const run = async (groups: string, ...flags: string[]) => {
      let out = '';
      let err = '';
      const parsed = parseFlags(['check', 'rules', '--live', ...flags, path], []);
      const status = await checkRules(parsed.checkRules!, {
        features: new Set(),
        clock: systemClock,
        openGroups: async () =>
          openGroups(parseConfig(`promxy:\n  server_groups:\n${groups}`, 'test.yaml'), {
            ...parsed,
            clock: systemClock,
            version: 'test',
          }),
        out: (text) => (out += text),
        err: (text) => (err += text),
      });
      return { status, out, lines: err.replaceAll(`${path}:`, '').split('\n').slice(0, -1) };
    };

    const missing = [
      '9:24 rule Both: selector eu_only matches nothing in server group us (has data in eu)',
      '11:34 rule Nowhere: selector nothing{x=~"y|z"} matches nothing in server groups eu, us',
      '12:47 rule Region: selector eu_only{region="us"} matches nothing in server group us',
      '14:29 rule Recent: selector old matches nothing in server groups eu, us',
    ];
    const found = await run(regions);
    t.strictSame(found.lines, missing);
    t.equal(found.status, 0);
    t.match(found.out, /\n9 selectors checked in 2 of 2 server groups: 4 match nothing in at least one\n$/);
    t.equal((await run(regions, '--fail-on-missing')).status, 1);
    t.strictSame((await run(regions, '--live-range=1h')).lines, missing.slice(0, 3));

    for (const more of ['', ', ignore_error: true']) {
      const down = await run(regions + groupOf('down', '127.0.0.1:1', more));
      t.equal(down.status, 0);
      t.match(down.lines[0], /^server group down did not answer: target 127\.0\.0\.1:1: connection refused/);
      t.strictSame(down.lines.slice(1), missing);
    }
  },
);
