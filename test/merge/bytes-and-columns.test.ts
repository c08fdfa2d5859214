// The two paths for data: answers that pass through as bytes equal the same answers decoded to columns and encoded
// again. `PROMFED_RUNS` sets the number of runs, `PROMFED_SEED` repeats one.

import fc from 'fast-check';
import t from 'tap';

import { decodeColumn, encodeFrames, encodeValue, openResponse } from '../../src/json/index.js';
import { mergeOrdered, setLabels, sortIfSmall } from '../../src/merge/index.js';
import {
  Annotations,
  emptyColumn,
  instantGrid,
  Labels,
  PromfedError,
  rangeGrid,
  type Column,
  type Grid,
} from '../../src/model/index.js';
import { bodyOf, itemsOf, readBytes } from '../helpers/frame-streams.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';

const numRuns = randomRuns(3000);
const seed = randomSeed();

const START_MS = 1_795_401_300_000;
const RANGE = rangeGrid(START_MS, START_MS + 240_000, 15_000);

const A = '{"__name__":"up","instance":"10.0.0.1:8080","job":"a \\"b\\" \\u00e9 é 😀"}';
const B = '{"__name__":"up","job":"b]}"}';
const C = '{"job":"c","__name__":"up","region":"own"}';
const SHORT = '[[1795401300,"0.5"],[1795401315,"NaN"],[1795401330,"1.7976931348623157e+308"]]';
const GAPS =
  '[[1795401315,"+Inf"],[1795401345,"-Inf"],[1795401360,"-0"],[1795401540,"12345678901234567890"]]';
const PRECISE = '[[1795401300.000,"0.30000000000000004"],[1795401330,"5e-324"],[1795401345,"1e-7"]]';

/** Answers in the forms of Prometheus, VictoriaMetrics, Thanos and Mimir. */
const MATRICES: readonly string[] = [
  `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${A},"values":${SHORT}},{"metric":${B},"values":${GAPS}}]},"warnings":["w"],"infos":["i"]}`,
  `{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[{"metric":${B},"values":${PRECISE}},{"metric":${C},"values":${SHORT}}]},"stats":{"seriesFetched": "2","executionTimeMsec":3},"trace":{"duration_msec":0.1,"message":"[","children":[]}}`,
  `{"warnings":["w"],"status":"success","data":{"analysis":{"a":[1,null]},"stats":{},"resultType":"matrix","result":[{"metric":{},"values":${GAPS}}]}}`,
  `{ "status" : "success" ,\n "data" : { "result" : [ { "values" : [ [ 1795401300 , "2" ] , [1795401315,"3"] ] , "metric" : ${A} } ] , "resultType" : "matrix" } }\n`,
  `{"status":"success","data":{"resultType":"matrix","result":[]}}`,
];
const VECTORS: readonly string[] = [
  `{"status":"success","data":{"resultType":"vector","result":[{"metric":${A},"value":[1795401300,"12"]},{"metric":${B},"value":[1795401300.000,"-0"]}]}}`,
  `{"status":"success","data":{"resultType":"vector","result":[{"metric":${C},"value":[1795401300,"3e5"]}]},"stats":{"seriesFetched": "1"}}`,
  `{"data":{"result":[{"value":[1795401300,"NaN"],"metric":${B}}],"resultType":"vector"},"status":"success"}`,
];

interface Edit {
  /** Position, as a fraction of the text. */
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const SPECIAL_CHARACTERS = Array.from('{}[],:"\\ \n0123456789.eE+-NI\u0001');
const SNIPPETS = [
  ...SPECIAL_CHARACTERS,
  '',
  '"metric":{}',
  '"values":[]',
  `{"metric":${A},"values":${SHORT}},`,
  `{"metric":${B},"value":[1795401300,"7"]},`,
  ']]},{',
  '[1795401300,"1"],',
  ',[1795401330,"4"]',
  '+Inf',
  '"x":[{}],',
  '\\u0041',
  'null',
];
const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(30)),
    insert: fc.constantFrom(...SNIPPETS),
  }),
  { maxLength: 2 },
);

function edited(text: string, all: readonly Edit[]): string {
  return all.reduce((now, { at, remove, insert }) => {
    const from = Math.floor(at * now.length);
    return now.slice(0, from) + insert + now.slice(from + remove);
  }, text);
}

interface Part {
  readonly body: Buffer;
  /** Bytes at which the body is cut into chunks, ascending. */
  readonly cuts: readonly number[];
  readonly addLabels: Labels;
}

/** The JSON of a result, or its error. Errors other than PromfedError are thrown. */
type Outcome = { readonly json: string } | { readonly error: PromfedError };

async function outcomeOf(work: () => Promise<string>): Promise<Outcome> {
  try {
    return { json: await work() };
  } catch (thrown) {
    if (thrown instanceof PromfedError) return { error: thrown };
    throw thrown;
  }
}

async function spliced(parts: readonly Part[]): Promise<string> {
  const streams = [];
  for (const { body, cuts, addLabels } of parts) {
    streams.push({ frames: (await openResponse(bodyOf(body, ...cuts))).frames, addLabels });
  }
  const bytes = await readBytes(encodeFrames(sortIfSmall(mergeOrdered(streams))));
  return `[${bytes.toString()}]`;
}

async function decoded(parts: readonly Part[], kind: 'instant' | 'range', grid: Grid): Promise<string> {
  const columns: Column[] = [];
  for (const { body, cuts, addLabels } of parts) {
    const frames = setLabels((await openResponse(bodyOf(body, ...cuts))).frames, addLabels);
    for await (const batch of itemsOf(frames)) {
      for (const frame of batch) {
        const column = emptyColumn(frame.labels, grid.count);
        decodeColumn(frame, grid, column);
        columns.push(column);
      }
    }
  }
  const value = { type: 'vector' as const, columns, ordered: false };
  let text = '';
  for (const block of encodeValue(value, { kind, grid, limit: undefined }, new Annotations())) {
    text += Buffer.from(block).toString();
  }
  return JSON.stringify((JSON.parse(`${text}}`) as { result: unknown }).result);
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
}

/** Labels, and samples as numbers. Series without samples are left out: Prometheus never sends them. */
function printable(json: string): string[] {
  return (JSON.parse(json) as readonly Series[]).flatMap(({ metric, values, value }) => {
    const samples = values ?? (value === undefined ? [] : [value]);
    const numbers = samples.map(([timeS, text]) => `${Math.round(timeS * 1000)} ${String(bitsOf(text))}`);
    return numbers.length === 0 ? [] : [`${Labels.from(metric).key}: ${numbers.join(' ')}`];
  });
}

/** The bits of a number, which distinguish -0 from 0. All NaN are equal. */
function bitsOf(text: string): bigint | 'NaN' {
  const value = Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'));
  return Number.isNaN(value) ? 'NaN' : new BigInt64Array(Float64Array.of(value).buffer)[0]!;
}

const REGIONS = ['eu', 'us', 'asia'];

function partsOf(texts: readonly string[], cuts: readonly number[]): Part[] {
  return texts.map((text, i) => {
    const body = Buffer.from(text);
    const offsets = cuts.map((cut) => Math.floor(cut * body.length)).sort((a, b) => a - b);
    return { body, cuts: offsets, addLabels: Labels.from({ region: REGIONS[i]! }) };
  });
}

for (const { name, bodies, kind, grid } of [
  { name: 'matrices', bodies: MATRICES, kind: 'range' as const, grid: RANGE },
  { name: 'vectors', bodies: VECTORS, kind: 'instant' as const, grid: instantGrid(START_MS) },
]) {
  t.test(`${name} as servers send them are the same series on both paths`, async (t) => {
    for (const first of bodies) {
      for (const second of bodies) {
        const parts = partsOf([first, second], [0.3, 0.31, 0.8]);
        const [bytes, columns] = [await spliced(parts), await decoded(parts, kind, grid)];
        t.strictSame(printable(bytes), printable(columns), `${first}\n${second}`);
      }
    }
  });

  t.test(
    `mutated ${name} are the same series on both paths, or an error when they are decoded`,
    async (t) => {
      let accepted = 0;
      let failed = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom(...bodies), edits), { minLength: 1, maxLength: REGIONS.length }),
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
          async (chosen, cuts) => {
            const parts = partsOf(
              chosen.map(([body, edits]) => edited(body, edits)),
              cuts,
            );
            const byBytes = await outcomeOf(() => spliced(parts));
            const byColumns = await outcomeOf(() => decoded(parts, kind, grid));
            // Samples are not read on the byte path, so only decoding detects times off the grid and invalid numbers.
            if ('error' in byColumns) {
              failed++;
              return;
            }
            if ('error' in byBytes) throw new Error(`only the byte path fails: ${byBytes.error.message}`);
            accepted++;
            const [bytes, columns] = [printable(byBytes.json), printable(byColumns.json)];
            if (bytes.join('\n') !== columns.join('\n')) {
              throw new Error(`bytes\n${bytes.join('\n')}\ncolumns\n${columns.join('\n')}`);
            }
          },
        ),
        { numRuns, seed },
      );
      t.ok(accepted > numRuns / 20, `${accepted} were accepted`);
      t.ok(failed > numRuns / 20, `${failed} failed`);
    },
  );
}
