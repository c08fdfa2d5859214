// The window of a zstd frame is read from its header, and charged to the request where the runtime decodes zstd.

import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { MemoryBudget, systemClock, zstd } from '../../../src/runtime/index.js';
import { zstdWindowOf } from '../../../src/upstreams/http/interceptors/zstd-window.js';
import type { MetadataQuery } from '../../../src/upstreams/index.js';
import { startFaultServer, type Fault } from '../../helpers/upstreams/fault-server.js';
import { until } from '../../helpers/until.js';
import { fetchContext, groupSettings, openGroup } from '../settings.js';

const MB = 1 << 20;
const EVERYTHING: MetadataQuery = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };
const HEADERS = { 'content-type': 'application/json', 'content-encoding': 'zstd' };

t.test('the window of a frame is read from its header', async (t) => {
  const windows: readonly (readonly [head: string, window: number | undefined])[] = [
    ['28b52ffd0000', 1 << 10],
    ['28b52ffd0058', 2 * MB],
    ['28b52ffd005c', 3 * MB],
    ['28b52ffd0068', 8 * MB],
    ['28b52ffd00ff', 2 ** 41 + (2 ** 41 / 8) * 7],
    // A single segment with sizes of one, two, four and eight bytes, the last two after a dictionary ID.
    ['28b52ffd2005', 5],
    ['28b52ffd600001', 256 + 256],
    ['28b52ffda10700000001', 1 << 24],
    ['28b52ffde3070000000000000001000000', 2 ** 32],
    // Frames to be skipped, other bytes, and beginnings.
    ['502a4d1804000000', undefined],
    ['7b22737461747573', undefined],
    ['28b52f', undefined],
    ['28b52ffd', undefined],
    ['28b52ffd00', undefined],
    ['28b52ffda00000', undefined],
    ['', undefined],
  ];
  for (const [head, window] of windows) t.equal(zstdWindowOf(Buffer.from(head, 'hex')), window, head);
});

/** A frame with a window of 8 MiB and one block, which is not compressed. */
function frameOf(text: string): Buffer {
  const content = Buffer.from(text);
  const block = Buffer.alloc(3);
  block.writeUIntLE(content.length * 8 + 1, 0, 3);
  return Buffer.concat([Buffer.from('28b52ffd0068', 'hex'), block, content]);
}

if (zstd !== undefined) {
  t.test('large windows are charged while a response is read', async (t) => {
    const frame = frameOf('{"status":"success","data":["job"]}');
    let finish = (): void => undefined;
    const halts: Fault = (response) => {
      response.writeHead(200, HEADERS);
      response.write(frame.subarray(0, 3));
      setTimeout(() => response.write(frame.subarray(3, 20)), 10);
      finish = () => response.end(frame.subarray(20));
    };
    const server = await startFaultServer(halts);
    const group = openGroup(groupSettings([server.target]), { clock: systemClock, version: '1.2.3' });
    t.teardown(async () => {
      await group.close();
      await server.close();
    });
    const budget = new MemoryBudget({ budgetBytes: 20 * MB, perQueryBytes: 20 * MB });
    const memory = budget.tryOpen(0)!;
    const names = group.labelNames(EVERYTHING, { ...fetchContext(), memory });
    await until(() => memory.heldBytes >= 8 * MB, 'the window to be charged');
    finish();
    t.same((await names).data, ['job']);
    await until(() => memory.heldBytes < MB, 'the window to be returned');

    const full = new MemoryBudget({ budgetBytes: 4 * MB, perQueryBytes: 4 * MB }).tryOpen(0)!;
    const rejected = group.labelNames(EVERYTHING, { ...fetchContext(), memory: full });
    await t.rejects(rejected, { code: 'memory' });
    await sleep(0);
    t.equal(full.heldBytes, 0);
  });
}
