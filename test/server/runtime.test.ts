// The life of a runtime: requests under way when it is retired, and the end of its connections.

import t, { type Test } from 'tap';

import { parseConfig } from '../../src/config/index.js';
import { createQueryRequest, type QueryRequest } from '../../src/federation/index.js';
import { instantGrid } from '../../src/model/index.js';
import { Cancellation, systemClock } from '../../src/runtime/index.js';
import { Runtime } from '../../src/server/runtime.js';
import { until } from '../helpers/until.js';
import {
  answers,
  startFaultServer,
  staysSilent,
  type Fault,
  type FaultServer,
} from '../helpers/upstreams/fault-server.js';

const VECTOR = { status: 'success', data: { resultType: 'vector', result: [] } };

async function setUp(t: Test, fault: Fault): Promise<{ runtime: Runtime; region: FaultServer }> {
  const region = await startFaultServer(fault);
  t.teardown(() => region.close());
  const yaml = `promxy: { server_groups: [{ static_configs: [{ targets: ["${region.target}"] }] }] }`;
  const runtime = new Runtime(parseConfig(yaml, 'test.yaml'), {
    clock: systemClock,
    version: '0.0.0-test',
    maxSamples: 1000,
    maxRequests: 1000,
    lookbackDeltaMs: undefined,
    pushdown: true,
    features: new Set(),
  });
  t.teardown(() => runtime.close());
  runtime.start();
  return { runtime, region };
}

function request(): QueryRequest {
  return createQueryRequest(
    {
      text: 'up',
      kind: 'instant',
      grid: instantGrid(0),
      endMs: 0,
      timeoutMs: 60_000,
      lookbackDeltaMs: undefined,
      limit: undefined,
      routing: 'learned',
      stats: 'counters',
      signal: new Cancellation(),
    },
    new Set(),
  );
}

t.test('a retired runtime closes its idle connections at once', async (t) => {
  const { runtime, region } = await setUp(t, answers(VECTOR));
  const answer = await runtime.engine.evaluate(request());
  answer.release();
  await runtime.retire(600_000);
  await until(() => region.openSockets === 0, 'the end of the connection');
});

t.test('a retired runtime waits for the release of its last answer', async (t) => {
  const { runtime } = await setUp(t, answers(VECTOR));
  const answer = await runtime.engine.evaluate(request());
  let isRetired = false;
  const retired = runtime.retire(600_000).then(() => (isRetired = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(isRetired, false);
  answer.release();
  answer.release();
  await retired;
});

t.test('requests that outlive the grace period fail', async (t) => {
  const { runtime, region } = await setUp(t, staysSilent);
  const failed = t.rejects(runtime.engine.query(request()), { code: 'canceled' });
  await region.untilRequests(1);
  await runtime.retire(10);
  await failed;
  await region.untilHungUp();
});

t.test('a failed request does not hold a retired runtime', async (t) => {
  const { runtime } = await setUp(t, (_response, socket) => {
    socket.resetAndDestroy();
  });
  await t.rejects(runtime.engine.evaluate(request()), { code: 'upstream' });
  await runtime.retire(600_000);
});
