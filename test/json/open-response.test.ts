// Framing of answers: every shape that servers send, cut anywhere, and what is no answer at all.

import fc from 'fast-check';
import t from 'tap';

import { EMPTY_TRAILER, openResponse, UpstreamAnswerError } from '../../src/json/index.js';
import { PromfedError } from '../../src/model/index.js';
import { bodyOf, chunksOf, drain, readAnswer } from '../helpers/frame-streams.js';
import { randomRuns } from '../helpers/random-runs.js';

const UP = '{"__name__":"up","job":"a"}';
const UP_LABELS = { __name__: 'up', job: 'a' };

const shapes = [
  {
    name: 'Prometheus, a matrix',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${UP},"values":[[1,"2"],[3.5,"NaN"]]},{"metric":{},"values":[[1,"+Inf"]]}]}}`,
    type: 'matrix',
    series: [
      { metric: UP_LABELS, samples: '"values":[[1,"2"],[3.5,"NaN"]]' },
      { metric: {}, samples: '"values":[[1,"+Inf"]]' },
    ],
  },
  {
    name: 'Prometheus, a vector with a warning and an info behind the data',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":${UP},"value":[1.123,"-Inf"]}]},"warnings":["w"],"infos":["i"]}\n`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"value":[1.123,"-Inf"]' }],
    trailer: { warnings: ['w'], infos: ['i'], isPartial: false },
  },
  {
    name: 'VictoriaMetrics cluster, partial, with stats and a trace',
    body: `{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":${UP},"value":[1,"2"]}]},"stats":{"seriesFetched": "1","executionTimeMsec":2},"trace":{"duration_msec":0.1,"message":"a } \\" ]","children":[{"message":"{["}]}}`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"value":[1,"2"]' }],
    trailer: { warnings: [], infos: [], isPartial: true },
  },
  {
    name: 'Thanos and Mimir, with the analysis before the result and warnings before the data',
    body: `{"warnings":["w1","w2"],"status":"success","data":{"analysis":{"a":[1,{"b":null}]},"explanation":null,"stats":{},"resultType":"matrix","result":[{"metric":${UP},"values":[]}]}}`,
    type: 'matrix',
    series: [{ metric: UP_LABELS, samples: '"values":[]' }],
    trailer: { warnings: ['w1', 'w2'], infos: [], isPartial: false },
  },
  {
    name: 'the result before its type, the status last, the metric behind the values',
    body: `{"data":{"result":[{"values":[[1,"2"]],"metric":${UP}}],"resultType":"matrix"},"status":"success"}`,
    type: 'matrix',
    series: [{ metric: UP_LABELS, samples: '"values":[[1,"2"]]' }],
  },
  {
    name: 'white space everywhere',
    body: `\n { "status" : "success" , "data" : { "resultType" : "matrix" , "result" : [ { "metric" : { "__name__" : "up" , "job" : "a" } , "values" : [ [ 1 , "2" ] ] } , { "metric" : { } , "values" : [ ] } ] } }\r\n\t `,
    type: 'matrix',
    series: [
      { metric: UP_LABELS, samples: '"values" : [ [ 1 , "2" ] ]' },
      { metric: {}, samples: '"values" : [ ]' },
    ],
  },
  {
    name: 'native histograms in a matrix, beside floats and alone',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${UP},"values":[[1,"2"]],"histograms":[[3,{"count":"1","sum":"2","buckets":[[3,"-0.25","0.25","3"]]}]]},{"metric":{},"histograms":[[3,{"count":"1","sum":"2"}]]}]}}`,
    type: 'matrix',
    series: [
      {
        metric: UP_LABELS,
        samples:
          '"values":[[1,"2"]],"histograms":[[3,{"count":"1","sum":"2","buckets":[[3,"-0.25","0.25","3"]]}]]',
      },
      { metric: {}, samples: '"histograms":[[3,{"count":"1","sum":"2"}]]' },
    ],
  },
  {
    name: 'a native histogram in a vector',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":${UP},"histogram":[3,{"count":"1","sum":"2"}]}]}}`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"histogram":[3,{"count":"1","sum":"2"}]' }],
  },
  {
    name: 'a scalar',
    body: '{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"1"]}}',
    type: 'scalar',
    series: [{ metric: {}, samples: '"value":[1435781451.781,"1"]' }],
  },
  {
    name: 'a string, its type behind it',
    body: '{"status":"success","data":{"result":[1,"a ] \\" }"],"resultType":"string"}}',
    type: 'string',
    series: [{ metric: {}, samples: '"value":[1,"a ] \\" }"]' }],
  },
  {
    name: 'no series',
    body: '{"status":"success","data":{"resultType":"vector","result":[]}}',
    type: 'vector',
    series: [],
  },
  {
    name: 'no series, before the type',
    body: '{"status":"success","data":{"result":[],"resultType":"matrix"}}',
    type: 'matrix',
    series: [],
  },
  {
    name: 'null for no series',
    body: '{"status":"success","data":{"resultType":"matrix","result":null}}',
    type: 'matrix',
    series: [],
  },
  {
    name: 'escapes, surrogates, half of a pair, and other alphabets in labels',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\\u003c\\"\\\\\\n","b":"\\ud83d\\ude00","c":"\\ud83d","ключ":"значение 😀"},"value":[1,"2"]}]}}`,
    type: 'vector',
    series: [
      { metric: { a: '<"\\\n', b: '😀', c: '\ufffd', ключ: 'значение 😀' }, samples: '"value":[1,"2"]' },
    ],
  },
  {
    name: 'labels out of order, repeated and empty: sorted, the last one, none',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","Zone":"z","b":"1","a":"","b":"2","c":"3","c":""},"value":[1,"2"]}]}}`,
    type: 'vector',
    series: [{ metric: { Zone: 'z', __name__: 'up', b: '2' }, samples: '"value":[1,"2"]' }],
  },
  {
    name: 'unknown members everywhere',
    body: `{"x":[{"a":"}"}],"status":"success","data":{"y":"\\\\","resultType":"vector","z":1e5,"result":[{"x":{"metric":1},"metric":${UP},"y":[],"value":[1,"2"],"z":true}]},"end":null}`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"value":[1,"2"]' }],
  },
  {
    name: 'members of a series with others between them, and names written with escapes',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"2"]],"metr\\u0069c":${UP},"h\\u0069stograms":[[1,{}]]}]}}`,
    type: 'matrix',
    series: [{ metric: UP_LABELS, samples: '"values":[[1,"2"]],"histograms":[[1,{}]]' }],
  },
  {
    name: 'a series without samples and one without a metric',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${UP}},{"values":[]},{"metric":null,"values":[]},{}]}}`,
    type: 'matrix',
    series: [
      { metric: UP_LABELS, samples: '' },
      { metric: {}, samples: '"values":[]' },
      { metric: {}, samples: '"values":[]' },
      { metric: {}, samples: '' },
    ],
  },
  {
    name: 'text that looks like the end of a series',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"0\\"]]},{","b":"]]}"},"values":[[1,"1\\"]]}"],[2,"]]}"]]},{"metric":${UP},"values":[[1,"a:b"]]}]}}`,
    type: 'matrix',
    series: [
      { metric: { a: '0"]]},{', b: ']]}' }, samples: '"values":[[1,"1\\"]]}"],[2,"]]}"]]' },
      { metric: UP_LABELS, samples: '"values":[[1,"a:b"]]' },
    ],
  },
];

for (const { name, body, type, series, trailer } of shapes) {
  t.test(`reads ${name}`, async (t) => {
    const expected = { resultType: type, series, trailer: trailer ?? EMPTY_TRAILER };
    const bytes = Buffer.from(body);
    t.strictSame(await readAnswer(bodyOf(body)), expected, 'in one chunk');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const actual = await readAnswer(bodyOf(bytes, cut));
      if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        t.strictSame(actual, expected, `cut at ${cut}`);
      }
    }
    for (const size of [1, 2, 3, 7, 13]) {
      t.strictSame(await readAnswer(chunksOf(body, size)), expected, `in chunks of ${size}`);
    }
  });

  t.test(`says that ${name} is cut when it is, wherever`, async (t) => {
    const bytes = Buffer.from(body.trimEnd());
    for (let length = 0; length < bytes.length; length++) {
      for (const size of [bytes.length, 1]) {
        const error: unknown = await readAnswer(chunksOf(bytes.subarray(0, length), size)).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (
          !(error instanceof PromfedError) ||
          error.code !== 'upstream' ||
          !/cut before its end|is empty/.test(error.message)
        ) {
          t.fail(`cut at ${length}: ${String(error)}`);
        }
      }
    }
    t.pass();
  });
}

t.test('gives the upstream’s error its type and text', async (t) => {
  const cases = [
    {
      name: 'Prometheus, a query that cannot be evaluated',
      body: '{"status":"error","errorType":"execution","error":"found duplicate series"}',
      type: 'execution',
      text: 'found duplicate series',
      code: 'execution',
    },
    {
      name: 'VictoriaMetrics, with the HTTP status for a type',
      body: '{"status":"error","errorType":"422","error":"cannot \\"parse\\""}',
      type: '422',
      text: 'cannot "parse"',
      code: 'execution',
    },
    {
      name: 'a timeout, with data and in another order',
      body: '{"error":"too slow","data":null,"errorType":"timeout","warnings":["w"],"status":"error"}',
      type: 'timeout',
      text: 'too slow',
      code: 'upstream',
    },
    { name: 'an error without words', body: '{"status":"error"}', type: '', text: '', code: 'upstream' },
  ];
  for (const { name, body, type, text, code } of cases) {
    for (const size of [1, 1000]) {
      const error: unknown = await openResponse(chunksOf(body, size)).catch((thrown: unknown) => thrown);
      t.ok(error instanceof UpstreamAnswerError, name);
      t.match(error, { upstreamErrorType: type, upstreamText: text, code }, name);
    }
  }
});

t.test('throws from the frames the error that an answer ends in', async (t) => {
  const body = `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]},"status":"error","errorType":"internal","error":"late"}`;
  const { frames } = await openResponse(bodyOf(body));
  t.equal((await frames.next())?.length, 1);
  await t.rejects(frames.next(), { code: 'upstream', message: 'internal: late' });
  t.equal(await frames.next(), undefined, 'and is over then');
});

const refused = [
  { name: 'an HTML page', body: '<html><head>', message: /not JSON, it begins with "</ },
  { name: 'binary', body: '\x1f\x8b\x08\x00', message: /not JSON/ },
  { name: 'nothing', body: '', message: /empty/ },
  { name: 'an empty object', body: '{}', message: /no status/ },
  { name: 'no data', body: '{"status":"success"}', message: /no data/ },
  { name: 'data that is no object', body: '{"status":"success","data":[]}', message: /data is no object/ },
  { name: 'no result', body: '{"status":"success","data":{"resultType":"vector"}}', message: /no result/ },
  { name: 'no type', body: '{"status":"success","data":{"result":[]}}', message: /no result/ },
  {
    name: 'an unknown type',
    body: '{"status":"success","data":{"resultType":"table","result":[]}}',
    message: /result type is unknown/,
  },
  {
    name: 'a series of another type',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"values":[]}]}}',
    message: /is a vector with a series that is none/,
  },
  {
    name: 'a type that the series contradict',
    body: '{"status":"success","data":{"result":[{"metric":{},"values":[]}],"resultType":"vector"}}',
    message: /is a matrix, not a vector/,
  },
  {
    name: 'a lone value that is called a matrix',
    body: '{"status":"success","data":{"resultType":"matrix","result":[1,"2"]}}',
    message: /lone value/,
  },
  {
    name: 'a result of numbers',
    body: '{"status":"success","data":{"resultType":"matrix","result":[1,2]}}',
    message: /neither a list of series/,
  },
  {
    name: 'two results',
    body: '{"status":"success","data":{"resultType":"vector","result":[],"result":[]}}',
    message: /two results/,
  },
  {
    name: 'two metrics',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"],"metric":{}}]}}',
    message: /two metrics/,
  },
  {
    name: 'a label that is a number',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"2"]}]}}',
    message: /unexpected "1"/,
  },
  {
    name: 'a bad escape',
    body: '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\\x"},"value":[1,"2"]}]}}',
    message: /not valid JSON/,
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
    name: 'something behind the end',
    body: '{"status":"success","data":{"resultType":"vector","result":[]}}{',
    message: /"{" after the end/,
  },
  {
    name: 'warnings that are no list',
    body: '{"status":"success","data":{"resultType":"vector","result":[]},"warnings":"w"}',
    message: /warnings are no list/,
  },
  { name: 'endless nesting', body: `{"trace":${'['.repeat(100_000)}`, message: /nested deeper than 256/ },
];

for (const { name, body, message } of refused) {
  t.test(`refuses ${name}`, async (t) => {
    for (const size of [1, 1 << 20]) {
      await t.rejects(readAnswer(chunksOf(body, size)), { code: 'upstream', message });
    }
  });
}

t.test('passes on what the body throws, and says that it is cut', async (t) => {
  async function* cut(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"status":"success","data":{"resultType":"vector","result":[');
    throw new Error('terminated');
  }
  const { frames } = await openResponse(cut());
  await t.rejects(frames.next(), { code: 'upstream', message: /cut before its end: terminated/ });

  const own = new PromfedError('timeout', 'too late');
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(own) }) };
  await t.rejects(openResponse(failing), own);
});

t.test('bounds a series, its labels and the envelope', async (t) => {
  async function* endless(start: string, more: string): AsyncGenerator<Buffer> {
    yield Buffer.from(start);
    for (let i = 0; i < 100_000; i++) yield Buffer.from(more);
    t.fail('read without bound');
  }
  const series = '{"status":"success","data":{"resultType":"matrix","result":[';
  const chunk = '[1,"2"],'.repeat(100);
  const cases = [
    {
      name: 'samples',
      start: `${series}{"metric":{},"values":[`,
      more: chunk,
      message: /a series .* larger/,
    },
    { name: 'other samples', start: `${series}{"values":[`, more: chunk, message: /a series .* larger/ },
    {
      name: 'labels',
      start: `${series}{"metric":{"a":"`,
      more: 'x'.repeat(1000),
      message: /a series .* larger/,
    },
    { name: 'a name', start: '{"', more: 'x'.repeat(1000), message: /a member name .* larger/ },
    { name: 'an error', start: '{"error":"', more: 'x'.repeat(1000), message: /a member .* larger/ },
    { name: 'a lone value', start: `${series}1,"`, more: 'x'.repeat(1000), message: /the result .* larger/ },
  ];
  for (const { name, start, more, message } of cases) {
    const read = readAnswer(endless(start, more), { maxSeriesBytes: 1 << 20 });
    await t.rejects(read, { code: 'limit', message }, name);
  }
  const labels = `${series}{"metric":{"a":"${'x'.repeat(1000)}"},"values":[]}`;
  await t.rejects(readAnswer(bodyOf(labels), { maxLabelsBytes: 999 }), { code: 'limit', message: /labels/ });
});

t.test('skips what it does not know without holding it', async (t) => {
  async function* large(): AsyncGenerator<Buffer> {
    yield Buffer.from('{"status":"success","trace":["');
    for (let i = 0; i < 1000; i++) yield Buffer.alloc(64 << 10, 'x');
    yield Buffer.from('"],"data":{"resultType":"vector","result":[]}}');
  }
  const before = process.memoryUsage().arrayBuffers;
  t.strictSame(await readAnswer(large()), { resultType: 'vector', series: [], trailer: EMPTY_TRAILER });
  t.ok(process.memoryUsage().arrayBuffers - before < 70 << 20);
});

t.test('reads nothing before it is asked to, and no further than it is', async (t) => {
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

t.test('closes at once, though the upstream stalls', async (t) => {
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

const CHARACTERS = ['a', 'b', 'z', '_', '"', '\\', '\n', '\u0001', '\u2028', '<', 'é', '😀', ' ', ']', '}'];
const labelText = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 12 });
const sampleText = fc.oneof(fc.double().map(String), fc.constantFrom('NaN', '+Inf', '-Inf'));
const spaces = fc.constantFrom('', '', '', ' ', '\n\t');

const seriesArbitrary = fc.record({
  metric: fc.dictionary(labelText, labelText, { maxKeys: 6 }),
  values: fc.array(fc.tuple(fc.integer({ min: 0, max: 2e9 }), sampleText), { maxLength: 20 }),
});

/** JSON text with the members of every object in an order, and with white space, that the seed decides. */
function print(value: unknown, space: string, turn: number): string {
  if (Array.isArray(value)) {
    return `[${space}${value.map((item) => print(item, space, turn)).join(`,${space}`)}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}${space}:${print(item, space, turn)}`,
  );
  if (turn % 2 === 1) members.reverse();
  return `{${members.join(`,${space}`)}${space}}`;
}

t.test('reads what JSON.parse reads, in any order, with any white space, cut anywhere', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(seriesArbitrary, { maxLength: 8 }),
      spaces,
      fc.nat(1),
      fc.array(fc.nat(4000), { maxLength: 10 }),
      async (series, space, turn, cuts) => {
        const text = print(
          { status: 'success', data: { resultType: 'matrix', result: series } },
          space,
          turn,
        );
        const bytes = Buffer.from(text);
        const sorted = cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
        const answer = await readAnswer(bodyOf(bytes, ...sorted));
        const actual = answer.series.map(({ metric, samples }) => ({
          metric,
          ...(JSON.parse(`{${samples}}`) as object),
        }));
        const expected = (JSON.parse(text) as { data: { result: typeof series } }).data.result.map(
          ({ metric, values }) => ({
            metric: Object.fromEntries(
              Object.entries(metric)
                .filter(([, value]) => value !== '')
                .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
            ),
            values,
          }),
        );
        const same = answer.resultType === 'matrix' && JSON.stringify(actual) === JSON.stringify(expected);
        if (!same) t.strictSame(actual, expected);
        return same;
      },
    ),
    { numRuns: randomRuns(500) },
  );
});

t.test('never throws anything but a PromfedError at mutated answers, and never hangs', async (t) => {
  const runs = randomRuns(4000);
  const inserted = [
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    'metric',
    'null',
    '\n',
    '\xff',
    '"]]}',
    'é',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...shapes.map(({ body }) => body)),
      fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3), fc.constantFrom(...inserted)),
        { minLength: 1, maxLength: 4 },
      ),
      fc.integer({ min: 1, max: 300 }),
      async (body, mutations, size) => {
        let text = body;
        for (const [where, length, insert] of mutations) {
          const at = Math.floor(where * text.length);
          text = text.slice(0, at) + insert + text.slice(at + length);
        }
        const bytes = Buffer.from(text, 'latin1');
        const outcomes = await Promise.all(
          [size, bytes.length + 1].map(async (size) => {
            try {
              const { resultType, frames } = await openResponse(chunksOf(bytes, size));
              return [resultType, await drain(frames)];
            } catch (error) {
              if (error instanceof PromfedError) return 'refused';
              throw error;
            }
          }),
        );
        // Samples are looked into where they are cut, not where they lie whole: of what is no JSON one may be
        // refused and the other not.
        const agree =
          JSON.stringify(outcomes[0]) === JSON.stringify(outcomes[1]) ||
          (outcomes.includes('refused') && !isJson(bytes));
        if (!agree) t.strictSame(outcomes[0], outcomes[1], text);
        return agree;
      },
    ),
    { numRuns: runs },
  );
});

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
