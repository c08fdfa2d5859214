// A pair of replicas, each a real server of its own that sends 22 MB: as they are when both were sent the same samples,
// and as they are when each has scraped for itself, at other moments.

import { wideCounters, type TestSeries } from '../../test/helpers/series/series-set.js';
import { createBenchmark } from '../benchmark.js';
import { interleave, WARM_UP_RUNS } from '../measure.js';
import { assertSame, readAnswer, type Answer } from './answer.js';
import { cpuMs, peakRssBytes } from './process-usage.js';
import { createReader } from './read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { regional } from './with-promfed.js';

const stepMs = 15_000;
const points = 241;
const series = 4_000;
const runs = 7;
const ratio = 1.4;
const MB = 1e6;
const path = '/api/v1/query_range';

const benchmark = createBenchmark('replicas');
const { t, figures } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (points - 1) * stepMs;
  const times = { startMs: startMs - 10 * 60_000, endMs, intervalMs: stepMs };
  const counters = (name: string, seed: string): TestSeries[] =>
    wideCounters({ ...times, name, region: seed, count: series, decimals: 2 });
  const pair = await startRegions(t, {
    perRegion: 0,
    ...times,
    names: ['first', 'second'],
    more: (replica) => [...counters('sent_total', 'both'), ...counters('scraped_total', replica)],
  });
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
  await measure(pair, { query: 'sent_total', ...range }, 'both were sent the same', (answer, [first]) => {
    assertSame(answer, first!);
  });
  await measure(pair, { query: 'scraped_total', ...range }, 'each has scraped for itself', assertOfEither);
}

async function measure(
  pair: readonly Region[],
  parameters: Readonly<Record<string, string>>,
  name: string,
  check: (answer: Answer, replicas: readonly Answer[]) => void,
): Promise<void> {
  const group = {
    ...groupOf(pair[0]!),
    static_configs: [{ targets: pair.map(({ endpoint }) => new URL(endpoint.origin).host) }],
  };
  const { endpoint, server } = await startPromfed(t, [group]);
  const promfed = createReader(endpoint);
  const direct = pair.map((replica) => createReader(replica.endpoint));
  const asked = regional({ parameters });
  try {
    const replicas = await Promise.all(
      direct.map(async (reader) =>
        readAnswer(await reader.json(path, asked), { [regionLabel]: pair[0]!.name }),
      ),
    );
    check(readAnswer(await promfed.json(path, parameters)), replicas);

    let bytes = 0;
    const cpuBefore = cpuMs(server.pid()!);
    const { floorMs, subjectMs } = await interleave(
      runs,
      async () => {
        const answers = await Promise.all(direct.map((reader) => reader.drain(path, asked)));
        bytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
      },
      () => promfed.drain(path, parameters),
    );
    const cpu = (cpuMs(server.pid()!) - cpuBefore) / (runs + WARM_UP_RUNS);
    const title = `two replicas of ${series} series × ${points} points, ${name}`;
    const add = (what: string, value: number, unit: string, atMost?: number): void => {
      figures.push({ case: title, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
    };
    add('from the replicas', bytes / MB, 'MB');
    add('the floor', floorMs, 'ms');
    add('promfed', subjectMs, 'ms');
    add('promfed / the floor', subjectMs / floorMs, '×', ratio);
    add('CPU a query', cpu, 'ms');
    add('peak RSS of a process', peakRssBytes(server.pid()!) / MB, 'MB');
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}

/** Every sample is that of a replica, and each step that a replica has a sample at has one. */
function assertOfEither(answer: Answer, replicas: readonly Answer[]): void {
  const [first, second] = replicas;
  if (answer.size !== first!.size) throw new Error(`${answer.size} series where ${first!.size} are right`);
  for (const [labels, samples] of answer) {
    const [some, others] = [first!.get(labels), second!.get(labels)];
    if (some === undefined || others === undefined) throw new Error(`${labels}: no replica has it`);
    if (samples.length !== some.length) throw new Error(`${labels}: ${samples.length} samples`);
    for (const [i, [timeS, value]] of samples.entries()) {
      const right = [some[i]!, others[i]!];
      if (right.every(([time, own]) => time !== timeS || own !== value)) {
        throw new Error(`${labels}: ${value} at ${timeS}, where ${JSON.stringify(right)} are right`);
      }
    }
  }
}
