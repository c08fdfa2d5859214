// Framing: answers in every form that servers send, cut anywhere.

import fc from 'fast-check';
import t from 'tap';

import { EMPTY_TRAILER, openResponse } from '../../../src/json/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { bodyOf, chunksOf, drain, readAnswer } from '../../helpers/frame-streams.js';
import { randomRuns } from '../../helpers/random-runs.js';
import { shapes } from './shapes.js';

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

  t.test(`reports that ${name} is truncated, wherever it is cut`, async (t) => {
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
          !/invalid answer: (truncated|empty body)/.test(error.message)
        ) {
          t.fail(`cut at ${length}: ${String(error)}`);
        }
      }
    }
    t.pass();
  });
}

const CHARACTERS = ['a', 'b', 'z', '_', '"', '\\', '\n', '\u0001', '\u2028', '<', 'é', '😀', ' ', ']', '}'];
const labelText = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 12 });
const sampleText = fc.oneof(fc.double().map(String), fc.constantFrom('NaN', '+Inf', '-Inf'));
const spaces = fc.constantFrom('', '', '', ' ', '\n\t');

const seriesArbitrary = fc.record({
  metric: fc.dictionary(labelText, labelText, { maxKeys: 6 }),
  values: fc.array(fc.tuple(fc.integer({ min: 0, max: 2e9 }), sampleText), { maxLength: 20 }),
});

/** JSON text with white space, and with the members of objects in reverse order if `reverse` is set. */
function print(value: unknown, space: string, reverse: boolean): string {
  if (Array.isArray(value)) {
    return `[${space}${value.map((item) => print(item, space, reverse)).join(`,${space}`)}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}${space}:${print(item, space, reverse)}`,
  );
  if (reverse) members.reverse();
  return `{${members.join(`,${space}`)}${space}}`;
}

t.test('reads what JSON.parse reads, in any order, with any white space, cut anywhere', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(seriesArbitrary, { maxLength: 8 }),
      spaces,
      fc.boolean(),
      fc.array(fc.nat(4000), { maxLength: 10 }),
      async (series, space, reverse, cuts) => {
        const text = print(
          { status: 'success', data: { resultType: 'matrix', result: series } },
          space,
          reverse,
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

t.test('mutated answers end, with a PromfedError at worst', async (t) => {
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
              if (error instanceof PromfedError) return 'error';
              throw error;
            }
          }),
        );
        // Samples are scanned only when they span chunks: of invalid JSON, one may be an error and the other not.
        const agree =
          JSON.stringify(outcomes[0]) === JSON.stringify(outcomes[1]) ||
          (outcomes.includes('error') && !isJson(bytes));
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
