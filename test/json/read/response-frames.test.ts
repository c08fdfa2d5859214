// Reading on demand: limits, memory, and closing.

import t from 'tap';

import { EMPTY_TRAILER, openResponse } from '../../../src/json/index.js';
import { bodyOf, readAnswer } from '../../helpers/frame-streams.js';

t.test('series, labels and the envelope are limited in size', async (t) => {
  async function* endless(start: string, more: string): AsyncGenerator<Buffer> {
    yield Buffer.from(start);
    for (let i = 0; i < 100_000; i++) yield Buffer.from(more);
    t.fail('read without a limit');
  }
  const series = '{"status":"success","data":{"resultType":"matrix","result":[';
  const chunk = '[1,"2"],'.repeat(100);
  const cases = [
    {
      name: 'samples',
      start: `${series}{"metric":{},"values":[`,
      more: chunk,
      message: /a series .* exceeds/,
    },
    { name: 'other samples', start: `${series}{"values":[`, more: chunk, message: /a series .* exceeds/ },
    {
      name: 'labels',
      start: `${series}{"metric":{"a":"`,
      more: 'x'.repeat(1000),
      message: /a series .* exceeds/,
    },
    { name: 'a name', start: '{"', more: 'x'.repeat(1000), message: /a member name .* exceeds/ },
    { name: 'an error', start: '{"error":"', more: 'x'.repeat(1000), message: /a member .* exceeds/ },
    {
      name: 'a single value',
      start: `${series}1,"`,
      more: 'x'.repeat(1000),
      message: /the result .* exceeds/,
    },
  ];
  for (const { name, start, more, message } of cases) {
    const read = readAnswer(endless(start, more), { maxSeriesBytes: 1 << 20 });
    await t.rejects(read, { code: 'limit', message }, name);
  }
  const labels = `${series}{"metric":{"a":"${'x'.repeat(1000)}"},"values":[]}`;
  await t.rejects(readAnswer(bodyOf(labels), { maxLabelsBytes: 999 }), {
    code: 'limit',
    message: /the labels of a series exceed 999 bytes/,
  });
});

t.test('unknown members are skipped without being held', async (t) => {
  async function* large(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"status":"success","trace":["');
    for (let i = 0; i < 1000; i++) yield Buffer.alloc(64 << 10, 'x');
    yield Buffer.from('"],"data":{"resultType":"vector","result":[]}}');
  }
  const before = process.memoryUsage().arrayBuffers;
  t.strictSame(await readAnswer(large()), { resultType: 'vector', series: [], trailer: EMPTY_TRAILER });
  t.ok(process.memoryUsage().arrayBuffers - before < 70 << 20);
});

t.test('every call of next reads one chunk', async (t) => {
  let read = 0;
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"status":"success","data":{"resultType":"vector","result":[');
    for (;;) {
      read++;
      yield Buffer.from('{"metric":{},"value":[1,"2"]},');
    }
  }
  const { frames } = await openResponse(body());
  t.equal(read, 0);
  await frames.next();
  t.equal(read, 1);
  await frames.next();
  t.equal(read, 2);
  frames.close();
});

t.test('a stream of a stalled upstream closes at once', async (t) => {
  for (const withDestroy of [true, false]) {
    let destroyed = false;
    let returned = false;
    let first = true;
    const body = {
      ...(withDestroy ? { destroy: () => (destroyed = true) } : {}),
      [Symbol.asyncIterator]: () => ({
        next: (): Promise<IteratorResult<Uint8Array>> => {
          if (!first) return new Promise(() => undefined);
          first = false;
          return Promise.resolve({
            done: false,
            value: Buffer.from('{"data":{"resultType":"vector","result":['),
          });
        },
        return: (): Promise<IteratorResult<Uint8Array>> => {
          returned = true;
          return new Promise(() => undefined);
        },
      }),
    };
    const { frames } = await openResponse(body);
    const waiting = frames.next();
    frames.close();
    t.equal(await waiting, undefined);
    t.equal(withDestroy ? destroyed : returned, true);
  }
});
