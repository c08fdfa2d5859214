// A process that appends samples to a receiver that does not exist. Its argument is the folder of the journal. Prints the
// number of appends that are written, one a line, until it is killed.

import { Labels } from '../../../src/model/index.js';
import { createTimers, NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { createRemoteWriter, openDiskJournal } from '../../../src/rules/remote-write/index.js';
import { remoteWriteSettings } from './settings.js';
import { samplesAt } from './writer.js';

const background = { timers: createTimers(systemClock), log: NO_LOG };
const journal = await openDiskJournal(process.argv[2]!, background);
const settings = remoteWriteSettings({ url: 'http://127.0.0.1:1/write', queue: { batchSendDeadlineMs: 10 } });
const writer = createRemoteWriter([settings], {
  externalLabels: Labels.EMPTY,
  version: '1.2.3',
  background,
  journal,
});
for (let i = 1; ; i++) {
  writer.append(samplesAt(i, 50));
  await journal.written();
  await new Promise<void>((resolve) =>
    process.stdout.write(`${i}\n`, () => {
      resolve();
    }),
  );
}
