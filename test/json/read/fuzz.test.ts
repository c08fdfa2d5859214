// Fuzzing of the framer with mutated answers of servers. `PROMFED_RUNS=1000000 npm test -- test/json/read/fuzz` is the
// long run; `PROMFED_SEED` repeats one.

import { inspect } from 'node:util';

import t from 'tap';

import { decodeRaw, openResponse, type SeriesFrame } from '../../../src/json/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { bodyOf } from '../../helpers/frame-streams.js';
import { randomRuns, randomSeed } from '../../helpers/random-runs.js';

const runs = randomRuns(5000);
const seed = randomSeed();

const A = '{"__name__":"up","instance":"10.0.0.1:8080","job":"a \\"b\\" \\u00e9 é 😀"}';
const B = '{"__name__":"up","job":"b]}"}';
const VALUES = '[[1795401300,"0.5"],[1795401315.125,"NaN"],[1795401330,"1.7976931348623157e+308"]]';
const seeds: readonly Buffer[] = [
  // Prometheus: annotations after the data, histograms.
  `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${A},"values":${VALUES}},{"metric":${B},"values":[[1795401300,"+Inf"]]}]},"warnings":["w"],"infos":["i"]}`,
  `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${A},"values":${VALUES},"histograms":[[1795401345,{"count":"3","sum":"2","buckets":[[3,"-0.25","0.25","3"]]}]]}]}}`,
  `{"status":"success","data":{"resultType":"vector","result":[{"metric":${A},"value":[1795401300.781,"12"]},{"metric":${B},"value":[1795401300.781,"-0"]}]}}`,
  '{"status":"success","data":{"resultType":"scalar","result":[1795401300.781,"1"]}}',
  '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:5: parse error"}',
  // VictoriaMetrics, single node and cluster: isPartial, stats, a trace.
  `{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[{"metric":${A},"values":${VALUES}},{"metric":${B},"values":${VALUES}}]},"stats":{"seriesFetched": "2","executionTimeMsec":3},"trace":{"duration_msec":0.1,"message":"[","children":[]}}`,
  `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795401300,"3"]}]},"stats":{"seriesFetched": "2"}}`,
  // Thanos and Mimir: warnings first, the analysis before the result. White space.
  `{"warnings":["w"],"status":"success","data":{"analysis":{"a":[1,null]},"stats":{},"resultType":"matrix","result":[{"metric":${B},"values":${VALUES}}]}}`,
  `{ "status" : "success" ,\n "data" : { "result" : [ { "values" : [ [ 1 , "2" ] ] , "metric" : ${A} } ] , "resultType" : "matrix" } }\n`,
].map((text) => Buffer.from(text));

/** Bytes with a meaning in JSON, numbers or UTF-8, and some that are invalid everywhere. */
const SPECIAL_BYTES = Buffer.from('{}[],:"\\ \n0123456789.eE+-untrflasNI\u00e9😀\u0000\u001f', 'utf8');
const SNIPPETS = [
  '"metric":{}',
  '"values":[]',
  ']]},{',
  '\\u12',
  '[[',
  'null',
  '"status":"error",',
  '{"metric":',
].map((text) => Buffer.from(text));

/** Mulberry32. */
function createRandom(state: number): (below: number) => number {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function mutated(random: (below: number) => number): Buffer {
  let bytes = seeds[random(seeds.length)]!;
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const other = seeds[random(seeds.length)]!;
    const from = random(other.length);
    const piece = other.subarray(from, from + random(40));
    const special = Buffer.of(SPECIAL_BYTES[random(SPECIAL_BYTES.length)]!);
    switch (random(7)) {
      case 0:
        bytes = Buffer.concat([before, special, after.subarray(1)]);
        break;
      case 1:
        bytes = Buffer.concat([before, special, after]);
        break;
      case 2:
        bytes = Buffer.concat([before, after.subarray(1 + random(30))]);
        break;
      case 3:
        bytes = Buffer.concat([before, piece, after]);
        break;
      case 4:
        bytes = Buffer.concat([before, SNIPPETS[random(SNIPPETS.length)]!, after]);
        break;
      case 5:
        bytes = Buffer.from(bytes);
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
        break;
      default:
        bytes = before;
    }
  }
  return bytes;
}

interface Outcome {
  readonly frames: readonly SeriesFrame[];
  readonly text: string;
  readonly error: unknown;
}

async function read(bytes: Buffer, cuts: readonly number[]): Promise<Outcome> {
  const frames: SeriesFrame[] = [];
  try {
    const answer = await openResponse(bodyOf(bytes, ...cuts));
    for (;;) {
      const batch = await answer.frames.next();
      if (batch === undefined) {
        const series = frames.map(({ labels, samples }) => [
          labels.key,
          Buffer.from(samples).toString('latin1'),
        ]);
        const { trailer } = answer.frames;
        return { frames, text: JSON.stringify([answer.resultType, series, trailer]), error: undefined };
      }
      for (const { labels, samples } of batch) frames.push({ labels, samples: Buffer.from(samples) });
    }
  } catch (thrown) {
    return { frames, text: `error: ${thrown instanceof PromfedError ? thrown.code : ''}`, error: thrown };
  }
}

interface ParsedSeries {
  readonly values?: readonly (readonly [number, string])[] | null;
  readonly value?: readonly [number, string];
}

interface Document {
  readonly status: string;
  /** The series of a matrix or a vector; the time and the value of a scalar; null for an empty result. */
  readonly data: { readonly result: readonly (ParsedSeries | number | string)[] | null };
}

function tryParse(bytes: Buffer): Document | undefined {
  try {
    return JSON.parse(bytes.toString()) as Document;
  } catch {
    return undefined;
  }
}

/** Describes how reading a mutated answer goes wrong; undefined when it does not. */
async function tryFault(bytes: Buffer, random: (below: number) => number): Promise<string | undefined> {
  const uncut = await read(bytes, []);
  if (uncut.error !== undefined && !(uncut.error instanceof PromfedError)) {
    return `not a PromfedError: ${inspect(uncut.error)}`;
  }
  const cuts = Array.from({ length: random(6) }, () => random(bytes.length + 1)).sort((a, b) => a - b);
  const pieces = await read(bytes, cuts);
  const document = tryParse(bytes);
  // Samples are copied, not parsed: invalid JSON within them is an error only when a cut makes the framer scan them.
  if (document === undefined) return undefined;
  if (pieces.text !== uncut.text) return `cut at ${cuts.join()}: ${pieces.text}\nuncut: ${uncut.text}`;
  if (uncut.error !== undefined) return undefined;
  accepted++;
  if (document.status !== 'success') return `accepted with the status ${document.status}`;
  const { result } = document.data;
  if (result === null || typeof result[0] === 'number') return undefined;
  if (result.length !== uncut.frames.length) return `${uncut.frames.length} series, not ${result.length}`;
  for (const [i, frame] of uncut.frames.entries()) {
    const wrong = difference(frame, result[i] as ParsedSeries);
    if (wrong !== undefined) return `series ${i}: ${wrong}`;
  }
  return undefined;
}

/** Describes how decoded samples differ from those of JSON.parse. An error is not a difference. */
function difference(frame: SeriesFrame, { values, value }: ParsedSeries): string | undefined {
  let decoded;
  try {
    decoded = decodeRaw(frame);
  } catch (thrown) {
    return thrown instanceof PromfedError ? undefined : String(thrown);
  }
  const expected = new Map<number, number>();
  const samples = values ?? (value === undefined ? [] : [value]);
  for (const [time, text] of samples) expected.set(Math.round(time * 1000), numberOf(text));
  if (expected.size !== decoded.timestamps.length) return `${decoded.timestamps.length} samples decoded`;
  for (const [k, timeMs] of decoded.timestamps.entries()) {
    if (!Object.is(expected.get(timeMs), decoded.values[k])) return `${decoded.values[k]} at ${timeMs}`;
  }
  return undefined;
}

/** Parses a value of an answer. The decoder also accepts Inf without a sign. */
function numberOf(text: string): number {
  const infinite = /^([+-]?)Inf$/.exec(text);
  return infinite === null ? Number(text) : infinite[1] === '-' ? -Infinity : Infinity;
}

let accepted = 0;

t.test(
  `mutated answers that are JSON are read as JSON.parse reads them, however they are cut, or are an error`,
  async (t) => {
    const random = createRandom(seed);
    const startMs = performance.now();
    for (let run = 0; run < runs; run++) {
      const bytes = mutated(random);
      const wrong = await tryFault(bytes, random);
      if (wrong !== undefined) {
        t.fail(`seed ${seed}, run ${run}: ${wrong}`, { answer: bytes.toString() });
        return;
      }
    }
    t.ok(accepted > runs / 50, `${accepted} of ${runs} were accepted`);
    t.comment(`${runs} mutated answers, seed ${seed}, ${Math.round(performance.now() - startMs)} ms`);
  },
);
