// Errors that upstreams report, and answers that violate JSON or the API.

import t from 'tap';

import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';
import { openResponse, UpstreamAnswerError } from '../../../src/json/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { bodyOf, chunksOf, readAnswer } from '../../helpers/frame-streams.js';

t.test('an error envelope keeps its type and text', async (t) => {
  const cases = [
    {
      name: 'Prometheus, an execution error',
      body: '{"status":"error","errorType":"execution","error":"found duplicate series"}',
      type: 'execution',
      text: 'found duplicate series',
    },
    {
      name: 'VictoriaMetrics, with the HTTP status as the type',
      body: '{"status":"error","errorType":"422","error":"cannot \\"parse\\""}',
      type: '422',
      text: 'cannot "parse"',
    },
    {
      name: 'a timeout, with data and in another order',
      body: '{"error":"too slow","data":null,"errorType":"timeout","warnings":["w"],"status":"error"}',
      type: 'timeout',
      text: 'too slow',
    },
    { name: 'an error without a text', body: '{"status":"error"}', type: '', text: '' },
  ];
  for (const { name, body, type, text } of cases) {
    for (const size of [1, 1000]) {
      const error: unknown = await openResponse(chunksOf(body, size)).catch((thrown: unknown) => thrown);
      t.ok(error instanceof UpstreamAnswerError, name);
      t.match(error, { upstreamErrorType: type, upstreamText: text, code: 'upstream' }, name);
    }
  }
});

t.test('an error at the end of an answer is an error of the frames', async (t) => {
  const body = `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]},"status":"error","errorType":"internal","error":"late"}`;
  const { frames } = await openResponse(bodyOf(body));
  t.equal((await frames.next())?.length, 1);
  await t.rejects(frames.next(), { code: 'upstream', message: 'internal: late' });
  t.equal(await frames.next(), undefined, 'the stream is over');
});

const malformed = [
  { name: 'an HTML page', body: '<html><head>', message: /not JSON; it starts with "</ },
  { name: 'binary', body: '\x1f\x8b\x08\x00', message: /not JSON/ },
  { name: 'an empty body', body: '', message: /empty body/ },
  { name: 'an empty object', body: '{}', message: /missing "status"/ },
  { name: 'no data', body: '{"status":"success"}', message: /missing "data"/ },
  {
    name: 'data that is not an object',
    body: '{"status":"success","data":[]}',
    message: /"data" is not an object/,
  },
  {
    name: 'no result',
    body: '{"status":"success","data":{"resultType":"vector"}}',
    message: /missing "result"/,
  },
  { name: 'no type', body: '{"status":"success","data":{"result":[]}}', message: /missing "resultType"/ },
  {
    name: 'an unknown type',
    body: '{"status":"success","data":{"resultType":"table","result":[]}}',
    message: /unknown result type/,
  },
  {
    name: 'a series of another type',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"values":[]}]}}',
    message: /the result type is vector but a series holds a list of samples/,
  },
  {
    name: 'a type that the series contradict',
    body: '{"status":"success","data":{"result":[{"metric":{},"values":[]}],"resultType":"vector"}}',
    message: /the result type is vector but the result is a matrix/,
  },
  {
    name: 'a single value of type matrix',
    body: '{"status":"success","data":{"resultType":"matrix","result":[1,"2"]}}',
    message: /the result type is matrix but the result is a single value/,
  },
  {
    name: 'a result of numbers',
    body: '{"status":"success","data":{"resultType":"matrix","result":[1,2]}}',
    message: /neither a list of series/,
  },
  {
    name: 'two results',
    body: '{"status":"success","data":{"resultType":"vector","result":[],"result":[]}}',
    message: /duplicate member "result"/,
  },
  {
    name: 'two metrics',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"],"metric":{}}]}}',
    message: /two members "metric"/,
  },
  {
    name: 'a label that is a number',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"2"]}]}}',
    message: /unexpected "1"/,
  },
  {
    name: 'a bad escape',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\\x"},"value":[1,"2"]}]}}',
    message: /invalid JSON string/,
  },
  {
    name: 'a raw line feed in a label',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\n"},"value":[1,"2"]}]}}',
    message: /byte 0xa inside a string/,
  },
  {
    name: 'brackets that do not match',
    body: '{"status":"success","trace":[}],"data":{}}',
    message: /unexpected "}"/,
  },
  {
    name: 'bytes after the end',
    body: '{"status":"success","data":{"resultType":"vector","result":[]}}{',
    message: /"{" after the end/,
  },
  {
    name: 'warnings that are not an array',
    body: '{"status":"success","data":{"resultType":"vector","result":[]},"warnings":"w"}',
    message: /"warnings" is not an array/,
  },
  { name: 'endless nesting', body: `{"trace":${'['.repeat(100_000)}`, message: /nested deeper than 256/ },
];

for (const { name, body, message } of malformed) {
  t.test(`rejects ${name}`, async (t) => {
    for (const size of [1, 1 << 20]) {
      await t.rejects(readAnswer(chunksOf(body, size)), { code: 'upstream', message });
    }
  });
}

t.test('an error of the body is thrown, a PromfedError unchanged', async (t) => {
  async function* cut(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"status":"success","data":{"resultType":"vector","result":[');
    throw new Error('terminated');
  }
  const { frames } = await openResponse(cut());
  await t.rejects(frames.next(), { code: 'upstream', message: /truncated: terminated/ });

  const bodyError = new PromfedError('timeout', 'too late');
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(bodyError) }) };
  await t.rejects(openResponse(failing), bodyError);
});

t.test('a series has up to 10,000 labels', async (t) => {
  const answer = (labels: number): string => {
    const metric = Object.fromEntries(Array.from({ length: labels }, (_, i) => [`l${i}`, 'x']));
    return JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: [{ metric, value: [1, '1'] }] },
    });
  };
  for (const size of [1000, 1 << 20]) {
    t.equal((await readAnswer(chunksOf(answer(10_000), size))).series.length, 1);
    await t.rejects(readAnswer(chunksOf(answer(10_001), size)), {
      code: 'limit',
      message: 'a series has more than 10000 labels',
    });
  }
});

t.test('answers are read in turns with the event loop', async (t) => {
  const series = '{"metric":{},"value":[1,"1"]}';
  const list = Array.from({ length: 200_000 }, () => series).join(',');
  const body = `{"status":"success","data":{"resultType":"vector","result":[${list}]}}`;
  const chunks = chunksOf(body, 65_536);
  const turns = await onEagerClock(() => turnsOf(() => readAnswer(chunks)));
  t.ok(turns > body.length / 65_536 - 2, `${turns} turns`);
});
