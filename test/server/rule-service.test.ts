// The rules of a process while its configuration is replaced.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import t from 'tap';

import { loadConfig, type Settings } from '../../src/config/index.js';
import type { QueryEngine } from '../../src/federation/index.js';
import { Labels } from '../../src/model/index.js';
import { MemoryBudget, NO_LOG } from '../../src/runtime/index.js';
import { NO_RULE_METRICS } from '../../src/rules/metrics.js';
import { NO_METRICS } from '../../src/rules/notify/metrics.js';
import { NO_REMOTE_WRITE_METRICS } from '../../src/rules/remote-write/metrics.js';
import { RuleService } from '../../src/server/rule-service.js';
import { valueAnswer } from '../helpers/federation.js';
import { ManualTimers } from '../helpers/runtime/manual-timers.js';

const unused = (): never => {
  throw new Error('not used');
};

/** Answers each query with one series. */
const engine: QueryEngine = {
  evaluate: () => {
    const column = { labels: Labels.EMPTY, values: Float64Array.of(1), present: Uint8Array.of(1) };
    return Promise.resolve(valueAnswer({ type: 'vector', columns: [column], ordered: false }));
  },
  query: unused,
  explain: unused,
  metadata: undefined as never,
};

t.test('alerts are restored when the configuration is replaced before', async (t) => {
  const timers = new ManualTimers();
  let requests = 0;
  const store = createServer((request, response) => {
    requests++;
    request.resume();
    response.end('{"status":"success","data":{"resultType":"matrix","result":[]}}');
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  t.teardown(() => store.close());
  const { port } = store.address() as AddressInfo;
  const config = `rule_files: [rules.yaml]
global: { evaluation_interval: 1m }
rules: { restore_from: { url: 'http://127.0.0.1:${port}' } }
promxy: { server_groups: [{ static_configs: [{ targets: ['127.0.0.1:1'] }] }] }
`;
  const folder = t.testdir({
    'rules.yaml': 'groups: [{ name: g, rules: [{ alert: A, expr: x, for: 1h }] }]',
    'promfed.yaml': config,
  });
  const load = async (): Promise<Settings> =>
    (await loadConfig(join(folder, 'promfed.yaml'), { features: new Set() })).settings;
  const budget = new MemoryBudget({ budgetBytes: 1e9, perQueryBytes: 1e9 });
  const service = new RuleService({
    forOutageToleranceMs: 3_600_000,
    forGracePeriodMs: 600_000,
    resendDelayMs: 60_000,
    alertBackfill: false,
    notificationQueueCapacity: 1,
    storagePath: undefined,
    externalUrl: '',
    hostname: '',
    cluster: undefined,
    engine: () => engine,
    features: new Set(),
    queryTimeoutMs: 10_000,
    budget,
    createMetrics: () => ({
      rules: NO_RULE_METRICS,
      notifications: NO_METRICS,
      remoteWrite: NO_REMOTE_WRITE_METRICS,
      addElection: unused,
    }),
    clock: timers,
    timers,
    version: 'test',
    log: NO_LOG,
  });
  await service.start(await load());
  t.teardown(() => service.close());
  await service.apply(await load());
  t.equal(budget.heldBytes, 8 << 20, 'memory is set aside for rules');
  t.ok(budget.tryGrow(1e9 - budget.heldBytes), 'queries fill the budget');
  for (let minute = 0; minute < 4; minute++) {
    await timers.pass(60_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let i = 0; i < 500 && requests === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  t.ok(requests > 0, 'the stored states are read');
  const [group] = await service.api.groups();
  const [rule] = group!.rules;
  t.match(rule, { health: 'ok', alerts: [{ state: 'pending' }] }, 'the rule has room for its series');
});
