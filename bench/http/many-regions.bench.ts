// Fifty regions, one of them twenty times slower than the others.

import { createBenchmark } from '../benchmark.js';
import { interleave } from '../measure.js';
import { readAnswer } from './answer.js';
import { createReader } from './read-answer.js';
import { startSlowRegion } from './slow-region.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { recentTimes } from './times.js';
import { exactParameters } from './with-promfed.js';

const regionCount = 50;
const runs = 15;
const fastMs = 5;
const slowMs = 20 * fastMs;

const benchmark = createBenchmark('many-regions');
const { t } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const { endMs, data } = recentTimes(1);
  const [real] = await startRegions(t, { perRegion: 0, ...data, names: ['east'] });
  // One real region stands for all: fifty servers would compete for the cores.
  const fast = await startSlowRegion(t, real!, fastMs);
  const slow = await startSlowRegion(t, real!, slowMs);
  const regions = Array.from({ length: regionCount }, (_, i) => ({
    ...(i === 17 ? slow : fast),
    name: `region-${i}`,
  }));
  const parameters = { query: 'sum(small_total)', time: String(endMs / 1000) };
  await measure('all required', regions, parameters, { atMost: 5 });
  await measure('the slow one optional', regions, parameters, {
    atMost: 5,
    slow: { ignore_error: true, timeout: `${4 * fastMs}ms` },
  });
}

async function measure(
  name: string,
  regions: readonly Region[],
  parameters: { readonly query: string; readonly time: string },
  { atMost, slow }: { readonly atMost: number; readonly slow?: Readonly<Record<string, unknown>> },
): Promise<void> {
  const groups = regions.map((region) =>
    groupOf(region, {
      labels: { [regionLabel]: region.name },
      ...(region.name === 'region-17' ? slow : {}),
    }),
  );
  const { endpoint, server } = await startPromfed(t, groups);
  const promfed = createReader(endpoint);
  const required = slow === undefined ? regions : regions.filter((region) => region.name !== 'region-17');
  const direct = required.map((region) => createReader(region.endpoint));
  const path = '/api/v1/query';
  try {
    const answer = (await promfed.json(path, parameters)) as {
      warnings?: string[];
      data: unknown;
      status: string;
    };
    const missing = answer.warnings ?? [];
    if (missing.length !== (slow === undefined ? 0 : 1)) throw new Error(`warnings: ${missing.join('; ')}`);
    const [[, value]] = [...readAnswer({ ...answer, warnings: [] }).values()][0]! as [[number, string]];
    const one = readAnswer(await direct[0]!.json(path, exactParameters({ parameters })));
    const expected = Number([...one.values()][0]![0]![1]) * required.length;
    if (Math.abs(Number(value) - expected) > 1e-9 * expected) {
      throw new Error(`${value}, expected ${expected}`);
    }

    const { baselineMs, promfedMs } = await interleave(
      runs,
      () => Promise.all(direct.map((reader) => reader.drain(path, exactParameters({ parameters })))),
      () => promfed.drain(path, parameters),
    );
    const add = benchmark.figuresOf(`${regionCount} regions, one ${slowMs / fastMs} times slower: ${name}`);
    add('slowest required region', baselineMs, 'ms');
    // promfed waits for an optional region until its time-out.
    const waitedMs = slow === undefined ? baselineMs : Math.max(baselineMs, 4 * fastMs);
    add('promfed', promfedMs, 'ms', waitedMs + atMost);
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}
