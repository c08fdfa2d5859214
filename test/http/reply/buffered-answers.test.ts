// Buffered answers have the same bytes, errors and warnings as streamed ones.

import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import { encodeAnswer, tryEncodeBuffered } from '../../../src/http/reply/encode-answer.js';
import { annotationMembers, openResponse } from '../../../src/json/index.js';
import { asPromfedError, instantGrid, Labels, PromfedError } from '../../../src/model/index.js';
import type { GroupSnapshot } from '../../../src/upstreams/index.js';
import { federationOf, queryRequest } from '../../helpers/federation.js';
import { chunksOf, readBytes } from '../../helpers/frame-streams.js';

interface Region {
  readonly body: string;
  readonly chunkBytes: number;
  readonly ignoreError: boolean;
  /** Number of bytes after which the connection breaks. */
  readonly cutAt: number | undefined;
}

const MAX_BUFFERED_BYTES = 1 << 16;

const unexpected = (): never => {
  throw new Error('unexpected request');
};

function groupOf(name: string, region: Region, allowsBuffering: boolean): GroupSnapshot {
  return {
    name,
    labels: Labels.from({ region: name }),
    ignoreError: region.ignoreError,
    replicated: false,
    async query() {
      const { resultType, frames, tryBuffer } = await openResponse(bodyOf(region));
      return allowsBuffering
        ? { resultType, frames, tryBuffer: () => tryBuffer(MAX_BUFFERED_BYTES) }
        : { resultType, frames };
    },
    samples: unexpected,
    series: unexpected,
    labelNames: unexpected,
    labelValues: unexpected,
    metadata: unexpected,
    rules: unexpected,
  };
}

async function* bodyOf({ body, chunkBytes, cutAt }: Region): AsyncGenerator<Buffer> {
  yield* chunksOf(body.slice(0, cutAt), chunkBytes);
  if (cutAt !== undefined) throw new PromfedError('upstream', 'the answer was cut');
}

interface Outcome {
  readonly text?: string;
  readonly error?: string;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly isBuffered: boolean;
}

async function outcomeOf(
  regions: readonly Region[],
  allowsBuffering: boolean,
  query: string,
  limit: number | undefined,
): Promise<Outcome> {
  const groups = regions.map((region, i) => groupOf(`r${i}`, region, allowsBuffering));
  const federation = federationOf(groups, { maxSamples: 1e6 });
  const grid = instantGrid(1000);
  const request = queryRequest(query, 1000, { limit, timeoutMs: 60_000 });
  let isBuffered = false;
  try {
    const answer = await federation.query(request);
    const buffered = tryEncodeBuffered(answer, request);
    isBuffered = buffered !== undefined;
    const body = buffered ?? (await readBytes(encodeAnswer(answer, { kind: 'instant', grid, limit })));
    const all = body.toString();
    assert.ok(JSON.parse(all));
    const { warnings, infos } = answer.annotations;
    const text = all.slice(0, all.length - annotationMembers(answer.annotations).length - 1);
    // Sorted, because the warnings of regions are in the order in which the regions finish.
    return { text, warnings: [...warnings].sort(), infos: [...infos].sort(), isBuffered };
  } catch (thrown) {
    const error = asPromfedError(thrown);
    return { error: `${error.code}: ${error.message}`, warnings: [], infos: [], isBuffered };
  }
}

const label = fc.constantFrom('a', 'b"\\', 'ü', 'r0', '');
const metric = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ __name__: fc.constantFrom('x', 'y'), job: label, i: fc.nat(300).map(String) }),
  },
  { weight: 1, arbitrary: fc.record({ job: label, region: label }) },
);
const series = fc
  .record({ metric, value: fc.constantFrom('1', 'NaN', '2.5e-7', '+Inf') })
  .map((one) => ({ metric: one.metric, value: [1, one.value] }));
const texts = fc.uniqueArray(fc.constantFrom('w1', 'w2 (1:3)', 'w "3"'), { maxLength: 2 });

/** The queries, and the labels of a region that their results have. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  x: ['__name__', 'job', 'i'],
  'rate(x[5m])': ['job', 'i'],
  'sum by (job) (x)': ['job'],
  'count(x)': [],
};

/** Reports whether an answer repeats a series. */
function repeatsSeries({ body }: Region, query: string): boolean {
  const keys = [...body.matchAll(/"metric":(\{.*?\})/g)].map(([, metric]) => {
    const labels = JSON.parse(metric!) as Record<string, string>;
    return JSON.stringify(QUERIES[query]!.map((name) => labels[name] ?? ''));
  });
  return new Set(keys).size < keys.length;
}

const body = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .record({
        result: fc.array(series, { maxLength: 12 }),
        warnings: texts,
        infos: texts,
        type: fc.boolean(),
      })
      .map(({ result, warnings, infos, type }) =>
        JSON.stringify(
          type
            ? { status: 'success', data: { resultType: 'vector', result }, warnings, infos }
            : { warnings, infos, status: 'success', data: { result, resultType: 'vector' } },
        ),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{"status":"error","errorType":"execution","error":"no"}',
      '{"status":"success","data":{"resultType":"matrix","result":[]}}',
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"2"]},{]}}',
      '{"status":"success","data":{"resultType":"vector","result":[]}} ]',
      '{"data":{"resultType":"vector","result":[]}}',
      '<html>',
      '',
    ),
  },
);

const region: fc.Arbitrary<Region> = fc.record({
  body,
  chunkBytes: fc.oneof(fc.constant(1 << 20), fc.integer({ min: 1, max: 400 })),
  ignoreError: fc.boolean(),
  cutAt: fc.option(fc.nat(600), { freq: 8, nil: undefined }),
});

t.test('small answers have the same bytes whether they are streamed or buffered', async (t) => {
  let buffered = 0;
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(region, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...Object.keys(QUERIES)),
      fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      async (regions, query, limit) => {
        // If an answer repeats a series and is cut, the chunks decide which of the two is reported.
        fc.pre(regions.every((region) => region.cutAt === undefined || !repeatsSeries(region, query)));
        const streamed = await outcomeOf(regions, false, query, limit);
        const whole = await outcomeOf(regions, true, query, limit);
        buffered += Number(whole.isBuffered);
        failed += Number(whole.error !== undefined);
        // If several regions fail, the chunks decide which error is reported.
        const bothFailed = streamed.error !== undefined && whole.error !== undefined;
        if (!bothFailed || regions.length === 1) {
          assert.deepStrictEqual({ ...whole, isBuffered: streamed.isBuffered }, streamed);
        }
      },
    ),
    { numRuns: 400 },
  );
  t.ok(buffered > 15, `${buffered} were buffered`);
  t.ok(failed > 20, `${failed} failed`);
});

t.test('an answer with too many series to sort keeps the order of the regions', async (t) => {
  const many = (from: number): Region => ({
    body: JSON.stringify({
      status: 'success',
      data: {
        resultType: 'vector',
        result: Array.from({ length: 500 }, (_, i) => ({
          metric: { __name__: 'x', i: String(from + i).padStart(6, '0') },
          value: [1, '1'],
        })),
      },
    }),
    chunkBytes: 4096,
    ignoreError: false,
    cutAt: undefined,
  });
  const regions = Array.from({ length: 40 }, (_, i) => many(i * 500));
  const { isBuffered: streamedWhole, ...streamed } = await outcomeOf(regions, false, 'x', undefined);
  const { isBuffered, ...whole } = await outcomeOf(regions, true, 'x', undefined);
  t.strictSame(whole, streamed);
  t.strictSame([streamedWhole, isBuffered], [false, false]);
});
