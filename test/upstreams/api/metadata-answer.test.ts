import t, { type Test } from 'tap';

import { systemClock } from '../../../src/runtime/index.js';
import { answersWith, startFaultServer } from '../../helpers/upstreams/fault-server.js';
import { fetchContext, groupSettings, openGroup, success, type OpenGroup } from '../settings.js';

const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };

const REQUESTS: Record<'labels' | 'series' | 'metadata', (group: OpenGroup) => Promise<unknown>> = {
  labels: (group: OpenGroup) => group.labelNames(EVERYTHING, fetchContext()),
  series: (group: OpenGroup) => group.series(EVERYTHING, fetchContext()),
  metadata: (group: OpenGroup) => group.metadata(undefined, undefined, fetchContext()),
};

const CASES = [
  { name: 'text', body: 'oops', endpoint: 'labels', message: 'invalid answer: not JSON: oops' },
  { name: 'an empty body', body: '', endpoint: 'labels', message: 'invalid answer: empty response' },
  { name: 'a list', body: '[]', endpoint: 'labels', message: /not an object$/ },
  { name: 'without a status', body: '{"data":[]}', endpoint: 'labels', message: /status is not "success"$/ },
  { name: 'without data', body: '{"status":"success"}', endpoint: 'labels', message: /no data$/ },
  { name: 'an error', body: '{"status":"error","error":"no"}', endpoint: 'labels', message: /: no$/ },
  {
    name: 'an object instead of a list',
    body: success({}),
    endpoint: 'labels',
    message: /data is not a list$/,
  },
  {
    name: 'numbers instead of names',
    body: success([1]),
    endpoint: 'labels',
    message: /an entry of data is not a string$/,
  },
  {
    name: 'strings instead of series',
    body: success(['a']),
    endpoint: 'series',
    message: /a series is not an object$/,
  },
  {
    name: 'numbers instead of values',
    body: success([{ a: 1 }]),
    endpoint: 'series',
    message: /unexpected "1" where a label name or value must start$/,
  },
  {
    name: 'a list instead of an object',
    body: success([]),
    endpoint: 'metadata',
    message: /data is not an object$/,
  },
  {
    name: 'an object instead of entries',
    body: success({ a: {} }),
    endpoint: 'metadata',
    message: /is not a list$/,
  },
  {
    name: 'a number as help',
    body: success({ a: [{ help: 1 }] }),
    endpoint: 'metadata',
    message: /help is not a string$/,
  },
] as const;

for (const { name, body, endpoint, message } of CASES) {
  t.test(`metadata that is ${name} is a failure of the target`, async (t) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const server = await startFaultServer(answersWith(200, { 'content-type': 'application/json' }, text));
    const group = openGroup(groupSettings([server.target]), { clock: systemClock, version: '1.2.3' });
    t.teardown(async () => {
      await group.close();
      await server.close();
    });
    await t.rejects(REQUESTS[endpoint](group), { code: 'upstream', message });
  });
}

/** Requests the label names of a region that sends `warnings`, and returns the warnings of the answer. */
async function warningsOf(t: Test, warnings: readonly string[]): Promise<readonly string[]> {
  const text = JSON.stringify({ status: 'success', data: ['a'], warnings });
  const server = await startFaultServer(answersWith(200, { 'content-type': 'application/json' }, text));
  const group = openGroup(groupSettings([server.target]), { clock: systemClock, version: '1.2.3' });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  const answer = await group.labelNames(EVERYTHING, fetchContext());
  t.same(answer.data, ['a']);
  return answer.warnings;
}

t.test('warnings beyond the hundredth are counted', async (t) => {
  const warnings = Array.from({ length: 103 }, (_, i) => `warning ${i}`);
  t.same(await warningsOf(t, warnings), [...warnings.slice(0, 100), '3 more warnings of a region omitted']);
});

t.test('warnings beyond 64 Ki characters are counted', async (t) => {
  const warnings = Array.from({ length: 50 }, (_, i) => `${i} `.padEnd(4000, 'x'));
  const whole = warnings.slice(0, 16);
  const cut = `${warnings[16]!.slice(0, 65_536 - 16 * 4000)}…`;
  t.same(await warningsOf(t, warnings), [...whole, cut, '33 more warnings of a region omitted']);
});
