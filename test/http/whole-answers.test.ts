// Small answers that are put together at once: the same bytes, errors and warnings as the streams give.

import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import { encodeAnswer, tryEncodeBuffered } from '../../src/http/reply/encode-answer.js';
import { annotationMembers, openResponse, readBytes } from '../../src/json/index.js';
import { asPromfedError, instantGrid, Labels, PromfedError } from '../../src/model/index.js';
import type { ServerGroup } from '../../src/upstreams/index.js';
import { federationOf, queryRequest } from '../helpers/federation.js';
import { chunksOf } from '../helpers/frame-streams.js';

interface Region {
  readonly body: string;
  readonly chunkBytes: number;
  readonly ignoreError: boolean;
  /** The connection breaks after so many bytes. */
  readonly cutAt: number | undefined;
}

const SMALL = 1 << 16;

const notAsked = (): never => {
  throw new Error('nothing but queries is asked here');
};

function groupOf(name: string, region: Region, readsSmall: boolean): ServerGroup {
  return {
    name,
    labels: Labels.from({ region: name }),
    ignoreError: region.ignoreError,
    replicated: false,
    async query() {
      const { resultType, frames, tryBuffer: readSmall } = await openResponse(bodyOf(region));
      return readsSmall ? { resultType, frames, tryBuffer: () => readSmall(SMALL) } : { resultType, frames };
    },
    samples: notAsked,
    series: notAsked,
    labelNames: notAsked,
    labelValues: notAsked,
    metadata: notAsked,
    close: () => Promise.resolve(),
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
  readonly isWhole: boolean;
}

async function outcomeOf(
  regions: readonly Region[],
  readsSmall: boolean,
  query: string,
  limit: number | undefined,
): Promise<Outcome> {
  const groups = regions.map((region, i) => groupOf(`r${i}`, region, readsSmall));
  const federation = federationOf(groups, { maxSamples: 1e6 });
  const grid = instantGrid(1000);
  const request = queryRequest(query, 1000, { limit, timeoutMs: 60_000 });
  let isWhole = false;
  try {
    const answer = await federation.query(request);
    const whole = tryEncodeBuffered(answer);
    isWhole = whole !== undefined;
    const streamed = whole ?? (await readBytes(encodeAnswer(answer, { kind: 'instant', grid, limit })));
    const all = streamed.toString();
    assert.ok(JSON.parse(all));
    const { warnings, infos } = answer.annotations;
    const text = all.slice(0, all.length - annotationMembers(answer.annotations).length - 1);
    // What regions say comes in the order in which they end, which is any: it is compared sorted.
    return { text, warnings: [...warnings].sort(), infos: [...infos].sort(), isWhole };
  } catch (thrown) {
    const error = asPromfedError(thrown);
    return { error: `${error.code}: ${error.message}`, warnings: [], infos: [], isWhole };
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

t.test(
  'small answers are the same byte for byte whether they are streamed or put together at once',
  async (t) => {
    let wholes = 0;
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(region, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('x', 'rate(x[5m])', 'sum by (job) (x)', 'count(x)'),
        fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        async (regions, query, limit) => {
          const streamed = await outcomeOf(regions, false, query, limit);
          const whole = await outcomeOf(regions, true, query, limit);
          wholes += Number(whole.isWhole);
          failed += Number(whole.error !== undefined);
          // Where several regions fail, which of them is met first is a matter of the chunks.
          const bothFailed = streamed.error !== undefined && whole.error !== undefined;
          if (!bothFailed || regions.length === 1) {
            assert.deepStrictEqual({ ...whole, isWhole: streamed.isWhole }, streamed);
          }
        },
      ),
      { numRuns: 400 },
    );
    t.ok(wholes > 15, `${wholes} were put together at once`);
    t.ok(failed > 20, `${failed} failed`);
  },
);

t.test('an answer of more series than are sorted keeps the order of the regions', async (t) => {
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
  const { isWhole: streamedWhole, ...streamed } = await outcomeOf(regions, false, 'x', undefined);
  const { isWhole, ...whole } = await outcomeOf(regions, true, 'x', undefined);
  t.strictSame(whole, streamed);
  t.strictSame([streamedWhole, isWhole], [false, false]);
});
