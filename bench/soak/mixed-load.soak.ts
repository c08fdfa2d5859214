// Mixed load for a long time: clients of all kinds, some disconnecting early, an optional region that is down,
// and configuration reloads. Heap, handles and file descriptors must not grow.
//
// `npm run soak` takes ten minutes, `PROMFED_SOAK_SECONDS=90 npm run soak` less. Exits with status 1 when a resource
// grew or was not released, or when a response was wrong.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createBenchmark } from '../benchmark.js';
import { createReader } from '../http/read-answer.js';
import { recentTimes } from '../http/times.js';
import { groupOf, regionLabel, startPromfed, startRegions } from '../http/two-regions-testbed.js';
import { isMissed } from '../report.js';
import { createRequests } from './checked-requests.js';
import { Load } from './load.js';
import { growthOf, readProcess, type Reading } from './readings.js';

const seconds = Number(process.env['PROMFED_SOAK_SECONDS'] ?? 600);
const perRegion = 1_000;
const points = 241;
/** Number of readings during the run, and of those that are printed. */
const readingCount = 150;
const printedCount = 20;
/** Time after the load within which everything must be released. */
const releaseWithinMs = 15_000;
const deadGroup = 'dead';

const benchmark = createBenchmark('soak');
const { t, figures } = benchmark;
if (!(seconds >= 60)) throw new Error('PROMFED_SOAK_SECONDS must be at least 60');
await benchmark.run(soak);
if (figures.some(isMissed)) process.exitCode = 1;

async function soak(): Promise<void> {
  const times = recentTimes(points);
  const regions = await startRegions(t, { perRegion, ...times.data });
  const groups = [
    ...regions.map((region) => groupOf(region)),
    {
      name: deadGroup,
      // A reserved port, on which nothing listens.
      static_configs: [{ targets: ['127.0.0.1:1'] }],
      labels: { [regionLabel]: deadGroup },
      ignore_error: true,
    },
  ];
  const direct = regions.map((region) => createReader(region.endpoint));
  const requests = await createRequests(regions, direct, times, deadGroup);
  await Promise.all(direct.map((reader) => reader.close()));

  const { endpoint, server } = await startPromfed(t, groups, [
    '--workers=1',
    '--memory=512MB',
    '--web.enable-lifecycle',
    '--log-level=fatal',
    // A replaced configuration keeps its connections for this long. After a third of the run their number is at its
    // maximum.
    '--query.timeout=20s',
  ]);
  const { origin } = endpoint;
  const load = new Load(origin, requests);
  const readings: Reading[] = [];
  const writeConfig = (version: number): void => {
    const config = {
      global: { external_labels: { n: String(version) } },
      promxy: { server_groups: groups },
    };
    writeFileSync(join(server.directory, 'config.yaml'), JSON.stringify(config));
  };
  try {
    await load.checkEachOnce();
    const pid = server.pid();
    const startMs = Date.now();
    const endMs = startMs + seconds * 1000;
    await Promise.all([load.run(endMs, writeConfig), takeReadings(origin, startMs, endMs, readings, load)]);
    const heldBytes = await heldBytesOnceReleased(origin);
    addFigures(load, server.pid() === pid, heldBytes);
    figures.push(...growthOf(readings));
  } finally {
    await load.close();
    await server.stop();
  }
}

function addFigures({ counts }: Load, isSameProcess: boolean, heldBytes: number): void {
  const add = benchmark.figuresOf('responses');
  add('correct', counts.correct, '');
  add('client disconnected', counts.disconnected, '');
  add('reloads', counts.reloads, '');
  add('wrong or failed', counts.wrong.length, '', 0);
  add('failed reloads', counts.failedReloads.length, '', 0);
  add('restarts of the process', isSameProcess ? 0 : 1, '', 0);
  add('held by the budget afterwards', heldBytes, 'bytes', 0);
  for (const message of new Set([...counts.wrong, ...counts.failedReloads].slice(0, printedCount))) {
    console.error(message);
  }
}

/** Waits until the budget holds nothing, up to `releaseWithinMs`. Returns the bytes held then. */
async function heldBytesOnceReleased(origin: string): Promise<number> {
  const endMs = Date.now() + releaseWithinMs;
  for (;;) {
    const { heldBytes } = await readProcess(origin, 0);
    if (heldBytes === 0 || Date.now() >= endMs) return heldBytes;
    await sleep(200);
  }
}

/** Adds to `readings` in equal intervals, and prints some of them as progress. */
async function takeReadings(
  origin: string,
  startMs: number,
  endMs: number,
  readings: Reading[],
  { counts }: Load,
): Promise<void> {
  const intervalMs = (endMs - startMs) / readingCount;
  for (let n = 1; n < readingCount; n++) {
    await sleep(Math.max(0, startMs + n * intervalMs - Date.now()));
    const reading = await readProcess(origin, (Date.now() - startMs) / 1000);
    readings.push(reading);
    if (n % Math.ceil(readingCount / printedCount) === 0) {
      console.log(
        `${reading.atS.toFixed(0).padStart(5)} s  heap ${reading.heapMB.toFixed(0).padStart(4)} MB  ` +
          `RSS ${reading.rssMB.toFixed(0).padStart(4)} MB  handles ${String(reading.handles).padStart(3)}  ` +
          `descriptors ${String(reading.fileDescriptors).padStart(3)}  ` +
          `correct ${counts.correct}  disconnected ${counts.disconnected}  wrong ${counts.wrong.length}`,
      );
    }
  }
}
