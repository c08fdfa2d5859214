// Benchmarks of src/json and src/merge on one core, without a network: bytes in, frames, columns or bytes out.
//
// Run the compiled file: node .build/bench/merge.bench.js [FILTER]. Each case checks its result. Rates refer to CPU time,
// which other processes affect less than wall time. Goals are scaled by the speed of JSON.parse in the same run.

import assert from 'node:assert/strict';

import * as json from '../src/json/index.js';
import * as merge from '../src/merge/index.js';
import { emptyColumn, Labels, rangeGrid } from '../src/model/index.js';
import { median } from './measure.js';
import { createRandom } from './random.js';
import { report, type Figure } from './report.js';

/** Number of runs until the runtime has compiled the code of a case. */
const WARM_UP_RUNS = 12;
const RUNS = 15;
const CHUNK_BYTES = 64 << 10;
const START_S = 1_700_000_000;
const STEP_S = 15;

interface Case {
  readonly name: string;
  readonly bytes: number;
  /** MB/s, on a core on which JSON.parse reads values of full precision at `REFERENCE_RATE`. */
  readonly goal?: number;
  /** Runs the case once. Throws when the result is wrong. */
  readonly run: () => Promise<void>;
}

/** Kinds of values: short integers; sums of full precision; and rates, which servers print with up to 17 digits. */
type Values = 'short' | 'full' | 'rates';

/** Rate of JSON.parse for full-precision values, in MB/s, on the machine on which the goals were set. */
const REFERENCE_RATE = 64;

function labelsOf(i: number): string {
  return (
    `{"__name__":"http_requests_total","code":"${200 + (i % 5)}","container":"server","endpoint":"http",` +
    `"instance":"10.0.${i >> 8}.${i & 255}:8080","job":"api","namespace":"team-${String(i % 20).padStart(2, '0')}",` +
    `"pod":"server-${String(i).padStart(6, '0')}-x7k2p","service":"server"}`
  );
}

function matrix(series: number, points: number, values: Values, seed = 1): Buffer {
  const random = createRandom(seed);
  const parts: string[] = [];
  for (let i = 0; i < series; i++) {
    const samples: string[] = [];
    let value = Math.floor(random() * 1000);
    for (let j = 0; j < points; j++) {
      if (values === 'rates') value = random() * 10;
      else value += values === 'short' ? Math.floor(random() * 100) : random();
      samples.push(`[${START_S + j * STEP_S},"${value}"]`);
    }
    parts.push(`{"metric":${labelsOf(i)},"values":[${samples.join(',')}]}`);
  }
  return Buffer.from(`{"status":"success","data":{"resultType":"matrix","result":[${parts.join(',')}]}}`);
}

function vector(series: number): Buffer {
  const parts = Array.from(
    { length: series },
    (_, i) => `{"metric":${labelsOf(i)},"value":[${START_S},"${i}"]}`,
  );
  return Buffer.from(`{"status":"success","data":{"resultType":"vector","result":[${parts.join(',')}]}}`);
}

async function* chunked(body: Buffer): AsyncGenerator<Buffer> {
  for (let i = 0; i < body.length; i += CHUNK_BYTES) yield body.subarray(i, i + CHUNK_BYTES);
}

async function frames(body: Buffer): Promise<json.FrameStream> {
  return (await json.openResponse(chunked(body))).frames;
}

async function countFrames(stream: json.FrameStream): Promise<number> {
  let count = 0;
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
    count += batch.length;
  }
  return count;
}

async function countBytes(stream: json.ByteStream): Promise<number> {
  let count = 0;
  for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
    count += block.length;
  }
  return count;
}

function cases(): Case[] {
  const wide = matrix(4000, 241, 'short');
  const long = matrix(1000, 961, 'full');
  const rates = matrix(4000, 241, 'rates');
  const instant = vector(20_000);
  const twin = matrix(4000, 241, 'short', 2);
  const holed = Buffer.from(wide.toString().replaceAll(/\[17000030[0-9]{2},"[0-9]+"\],/g, ''));
  const region = Labels.from({ promxyCluster: 'region-1' });
  const added = Buffer.byteLength(',"promxyCluster":"region-1"');
  const envelope = Buffer.byteLength('{"status":"success","data":{"resultType":"matrix","result":[]}}');
  const decode = (body: Buffer, series: number, points: number) => async (): Promise<void> => {
    const grid = rangeGrid(START_S * 1000, (START_S + (points - 1) * STEP_S) * 1000, STEP_S * 1000);
    let count = 0;
    const stream = await frames(body);
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      for (const frame of batch) count += json.decodeColumn(frame, grid, emptyColumn(frame.labels, points));
    }
    assert.equal(count, series * points);
  };
  const splice = (body: Buffer, series: number) => async (): Promise<void> => {
    const stream = json.encodeFrames(merge.setLabels(await frames(body), region));
    assert.equal(await countBytes(stream), body.length - envelope + series * added);
  };
  return [
    {
      name: 'frame 4000 x 241',
      bytes: wide.length,
      run: async () => {
        assert.equal(await countFrames(await frames(wide)), 4000);
      },
    },
    {
      name: 'frame 1000 x 961, full precision',
      bytes: long.length,
      run: async () => {
        assert.equal(await countFrames(await frames(long)), 1000);
      },
    },
    {
      name: 'frame vector of 20000',
      bytes: instant.length,
      run: async () => {
        assert.equal(await countFrames(await frames(instant)), 20_000);
      },
    },
    { name: 'splice 4000 x 241', bytes: wide.length, run: splice(wide, 4000) },
    { name: 'splice 1000 x 961, full precision', bytes: long.length, run: splice(long, 1000) },
    { name: 'splice vector of 20000', bytes: instant.length, run: splice(instant, 20_000) },
    {
      name: 'merge 2 regions of 4000 x 241 to bytes',
      bytes: 2 * wide.length,
      run: async () => {
        const parts = ['region-1', 'region-2'].map(async (name) => ({
          frames: await frames(wide),
          addLabels: Labels.from({ promxyCluster: name }),
        }));
        const stream = json.encodeFrames(merge.mergeOrdered(await Promise.all(parts)));
        const expected = 2 * (wide.length - envelope + 4000 * added) + 1;
        assert.equal(await countBytes(stream), expected);
      },
    },
    {
      name: 'replicas of 4000 x 241, values differ',
      bytes: wide.length + twin.length,
      run: async () => {
        const streams = await Promise.all([frames(wide), frames(twin)]);
        assert.equal(await countFrames(merge.mergeReplicaStreams(streams)), 4000);
      },
    },
    {
      name: 'replicas of 4000 x 241, one with gaps',
      bytes: wide.length + holed.length,
      run: async () => {
        const streams = await Promise.all([frames(holed), frames(wide)]);
        assert.equal(await countFrames(merge.mergeReplicaStreams(streams)), 4000);
      },
    },
    { name: 'decode 4000 x 241', bytes: wide.length, run: decode(wide, 4000, 241) },
    { name: 'decode 4000 x 241, rates', bytes: rates.length, goal: 250, run: decode(rates, 4000, 241) },
    {
      name: 'decode 1000 x 961, full precision',
      bytes: long.length,
      goal: 250,
      run: decode(long, 1000, 961),
    },
  ];
}

/** Returns the CPU time of a run in milliseconds: the median of several, after warm-up. */
async function measure(run: () => Promise<void>): Promise<number> {
  for (let i = 0; i < WARM_UP_RUNS; i++) await run();
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return median(times);
}

/** Returns the current rate of JSON.parse in MB/s. */
async function referenceRate(): Promise<number> {
  const body = matrix(1000, 241, 'rates');
  const ms = await measure(() => Promise.resolve(void JSON.parse(body.toString())));
  return body.length / 1e6 / (ms / 1000);
}

const figures: Figure[] = [];
for (const { name, bytes, goal, run } of cases()) {
  if (!name.includes(process.argv[2] ?? '')) continue;
  const speed = (await referenceRate()) / REFERENCE_RATE;
  const ms = await measure(run);
  const megabytes = bytes / 1e6;
  figures.push({
    case: name,
    metric: goal === undefined ? 'rate' : `rate; the goal is ${goal} MB/s on the reference core`,
    value: megabytes / (ms / 1000),
    unit: 'MB/s',
    ...(goal === undefined ? {} : { atLeast: goal * speed }),
  });
  figures.push({ case: name, metric: `CPU for ${megabytes.toFixed(1)} MB`, value: ms, unit: 'ms' });
}
console.log(`\nwritten to ${report('merge', figures)}`);
