// The streams of a fetch, when they are closed.

import t from 'tap';

import { Deadline } from '../../../src/federation/deadline.js';
import { tolerantFrames } from '../../../src/federation/fetch/open-fetch.js';
import { UNCOUNTED_REQUESTS } from '../../../src/federation/query-requests.js';
import { NO_STATS } from '../../../src/federation/stats/fetch-stats.js';
import { Annotations, Labels } from '../../../src/model/index.js';
import { systemClock, UNCOUNTED_MEMORY } from '../../../src/runtime/index.js';
import type { GroupSnapshot } from '../../../src/upstreams/index.js';
import { StalledStream } from '../../helpers/frame-streams.js';

for (const isRead of [false, true]) {
  const when = isRead ? 'while a read is waiting' : 'before it was read';
  t.test(`closing the frames of a part ${when} closes the stream of the group at once`, async (t) => {
    const region = new StalledStream();
    const deadline = new Deadline(new AbortController().signal, 60_000, systemClock);
    t.teardown(() => {
      deadline.release();
    });
    const group = { name: 'eu', ignoreError: true } as GroupSnapshot;
    const frames = tolerantFrames(
      { group, frames: region, addLabels: Labels.EMPTY, targets: [], stats: NO_STATS },
      {
        deadline,
        annotations: new Annotations(),
        lookbackDeltaMs: undefined,
        memory: UNCOUNTED_MEMORY,
        requests: UNCOUNTED_REQUESTS,
      },
    );
    const next = isRead ? frames.next() : undefined;
    frames.close();
    t.equal(region.closed, true);
    t.equal(await (next ?? frames.next()), undefined);
  });
}
