// Queries of a process without background work: they wait for the detection of the targets, once.

import t from 'tap';

import type { QueryEngine } from '../../src/federation/index.js';
import { detectFirst } from '../../src/server/detect-first.js';
import type { ServerGroup } from '../../src/upstreams/index.js';

t.test('the first query waits, later ones do not detect again', async (t) => {
  const events: string[] = [];
  const engine = {
    query: async () => events.push('query'),
    evaluate: async () => events.push('evaluate'),
    explain: async () => events.push('explain'),
    metadata: {},
  } as unknown as QueryEngine;
  const group = {
    async detect() {
      await new Promise((resolve) => setImmediate(resolve));
      events.push('detected');
    },
  } as unknown as ServerGroup;
  const request = {} as never;
  const detecting = detectFirst(engine, [group, {} as ServerGroup]);
  t.equal(detecting.metadata, engine.metadata);
  t.same(events, [], 'not before the first query');
  await Promise.all([detecting.query(request), detecting.evaluate(request)]);
  await detecting.explain(request);
  t.same(events, ['detected', 'query', 'evaluate', 'explain']);
});
