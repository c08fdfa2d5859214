// Two replicas, each a real server that sends 22 MB: with the same samples, as after remote write to both, and with
// different samples, as when each scrapes on its own.

import { wideCounters, type TestSeries } from '../../test/helpers/series/series-set.js';
import { createBenchmark } from '../benchmark.js';
import { interleave, WARM_UP_RUNS } from '../measure.js';
import { assertSame, readAnswer, type Answer } from './answer.js';
import { cpuMs, peakRssBytes } from './process-usage.js';
import { createReader } from './read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { recentTimes } from './times.js';
import { exactParameters } from './with-promfed.js';

const points = 241;
const series = 4_000;
const runs = 7;
/** Goal: promfed's time relative to the direct requests. */
const maxRatio = 1.4;
const MB = 1e6;
const path = '/api/v1/query_range';

const benchmark = createBenchmark('replicas');
const { t } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const { range, data } = recentTimes(points);
  const counters = (name: string, seed: string): TestSeries[] =>
    wideCounters({ ...data, name, region: seed, count: series, decimals: 2 });
  const pair = await startRegions(t, {
    perRegion: 0,
    ...data,
    names: ['first', 'second'],
    more: (replica) => [...counters('sent_total', 'both'), ...counters('scraped_total', replica)],
  });
  await measure(pair, { query: 'sent_total', ...range }, 'same samples', (answer, [first]) => {
    assertSame(answer, first!);
  });
  await measure(pair, { query: 'scraped_total', ...range }, 'scraped separately', assertOfEither);
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
  const request = exactParameters({ parameters });
  try {
    const replicas = await Promise.all(
      direct.map(async (reader) =>
        readAnswer(await reader.json(path, request), { [regionLabel]: pair[0]!.name }),
      ),
    );
    check(readAnswer(await promfed.json(path, parameters)), replicas);

    let bytes = 0;
    const cpuBefore = cpuMs(server.pid()!);
    const { baselineMs, promfedMs } = await interleave(
      runs,
      async () => {
        const answers = await Promise.all(direct.map((reader) => reader.drain(path, request)));
        bytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
      },
      () => promfed.drain(path, parameters),
    );
    const cpu = (cpuMs(server.pid()!) - cpuBefore) / (runs + WARM_UP_RUNS);
    const title = `two replicas of ${series} series × ${points} points, ${name}`;
    const add = benchmark.figuresOf(title);
    add('received from replicas', bytes / MB, 'MB');
    add('direct', baselineMs, 'ms');
    add('promfed', promfedMs, 'ms');
    add('promfed / direct', promfedMs / baselineMs, '×', maxRatio);
    add('CPU per query', cpu, 'ms');
    add('peak RSS of a process', peakRssBytes(server.pid()!) / MB, 'MB');
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}

/** Checks that every sample is that of a replica, and that no step is missing. */
function assertOfEither(answer: Answer, replicas: readonly Answer[]): void {
  const [first, second] = replicas;
  if (answer.size !== first!.size) throw new Error(`${answer.size} series, expected ${first!.size}`);
  for (const [labels, samples] of answer) {
    const [some, others] = [first!.get(labels), second!.get(labels)];
    if (some === undefined || others === undefined) throw new Error(`${labels}: missing in a replica`);
    if (samples.length !== some.length)
      throw new Error(`${labels}: ${samples.length} samples, expected ${some.length}`);
    for (const [i, [timeS, value]] of samples.entries()) {
      const expected = [some[i]!, others[i]!];
      if (expected.every(([time, own]) => time !== timeS || own !== value)) {
        throw new Error(`${labels}: ${value} at ${timeS}, expected one of ${JSON.stringify(expected)}`);
      }
    }
  }
}
