// Fifty regions, one of them twenty times slower than the others.

import { createBenchmark } from '../benchmark.js';
import { interleave } from '../measure.js';
import { readAnswer } from './answer.js';
import { createReader } from './read-answer.js';
import { startSlowRegion } from './slow-region.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { regional } from './with-promfed.js';

const regionCount = 50;
const runs = 15;
const fastMs = 5;
const slowMs = 20 * fastMs;

const benchmark = createBenchmark('many-regions');
const { t, figures } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const data = { perRegion: 0, startMs: endMs - 600_000, endMs, intervalMs: 15_000, names: ['east'] };
  const [real] = await startRegions(t, data);
  // Fifty real ones would be measured waiting for two cores.
  const fast = await startSlowRegion(t, real!, fastMs);
  const slow = await startSlowRegion(t, real!, slowMs);
  const regions = Array.from({ length: regionCount }, (_, i) => ({
    ...(i === 17 ? slow : fast),
    name: `region-${i}`,
  }));
  const parameters = { query: 'sum(small_total)', time: String(endMs / 1000) };
  await measure('all are needed', regions, parameters, { atMost: 5 });
  await measure('the slow one may be missing', regions, parameters, {
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
  const asked = slow === undefined ? regions : regions.filter((region) => region.name !== 'region-17');
  const direct = asked.map((region) => createReader(region.endpoint));
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
    const one = readAnswer(await direct[0]!.json(path, regional({ parameters })));
    const right = Number([...one.values()][0]![0]![1]) * asked.length;
    if (Math.abs(Number(value) - right) > 1e-9 * right) throw new Error(`${value} where ${right} is right`);

    const { floorMs, subjectMs } = await interleave(
      runs,
      () => Promise.all(direct.map((reader) => reader.drain(path, regional({ parameters })))),
      () => promfed.drain(path, parameters),
    );
    const add = (what: string, value: number, unit: string, goal?: number): void => {
      const full = `${regionCount} regions, one ${slowMs / fastMs} times slower: ${name}`;
      figures.push({ case: full, what, value, unit, ...(goal === undefined ? {} : { atMost: goal }) });
    };
    add('the slowest region that is waited for', floorMs, 'ms');
    // What is given up is waited for until its time is over.
    const waited = slow === undefined ? floorMs : Math.max(floorMs, 4 * fastMs);
    add('promfed', subjectMs, 'ms', waited + atMost);
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}
