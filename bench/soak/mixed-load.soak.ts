// Mixed load for a long time: clients of all kinds, some of whom leave in the middle, a region that is down and a
// configuration that changes, while heap, handles and file descriptors have to stay where they are.
//
// `npm run soak` takes ten minutes, `PROMFED_SOAK_SECONDS=90 npm run soak` less. Exits with 1 when anything grew, was
// wrong, unexpected or not given back.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Pool } from 'undici';

import { createBenchmark } from '../benchmark.js';
import { createReader } from '../http/read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions } from '../http/two-regions-testbed.js';
import { isMissed } from '../report.js';
import { createQuestions, type Question } from './questions.js';
import { growthOf, readProcess, type Reading } from './readings.js';

const seconds = Number(process.env['PROMFED_SOAK_SECONDS'] ?? 600);
const clients = 8;
const perRegion = 1_000;
const points = 241;
const stepMs = 15_000;
const reloadEveryMs = 5_000;
/** So many clients leave their request in the middle, within so long. */
const leaving = 0.1;
const leaveWithinMs = 60;
const readings = 150;
const shown = 20;
/** So long the last requests may take until all that they held is given back. */
const settleMs = 15_000;
const deadGroup = 'dead';

const benchmark = createBenchmark('soak');
const { t, figures } = benchmark;
if (!(seconds >= 60)) throw new Error('PROMFED_SOAK_SECONDS: at least 60');
await benchmark.run(soak);
if (figures.some(isMissed)) process.exitCode = 1;

interface Counts {
  right: number;
  left: number;
  /** A sentence for each answer that was not right, and each that did not come. */
  readonly wrong: string[];
  reloads: number;
  readonly failedReloads: string[];
}

async function soak(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const times = { startMs: endMs - (points - 1) * stepMs, endMs, stepMs };
  const regions = await startRegions(t, {
    perRegion,
    startMs: times.startMs - 10 * 60_000,
    endMs,
    intervalMs: stepMs,
  });
  const groups = [
    ...regions.map((region) => groupOf(region)),
    {
      name: deadGroup,
      // Reserved, and nobody's: nothing listens there.
      static_configs: [{ targets: ['127.0.0.1:1'] }],
      labels: { [regionLabel]: deadGroup },
      ignore_error: true,
    },
  ];
  const direct = regions.map((region) => createReader(region.endpoint));
  const questions = await createQuestions(regions, direct, times, deadGroup);
  await Promise.all(direct.map((reader) => reader.close()));

  const { endpoint, server } = await startPromfed(t, groups, [
    '--workers=1',
    '--memory=512MB',
    '--web.enable-lifecycle',
    '--log-level=fatal',
    // A configuration that was replaced keeps its connections as long: after a third of the time there are as many
    // of those as there will ever be.
    '--query.timeout=20s',
  ]);
  const { origin } = endpoint;
  const pool = new Pool(origin, { connections: clients });
  const counts: Counts = { right: 0, left: 0, wrong: [], reloads: 0, failedReloads: [] };
  const taken: Reading[] = [];
  try {
    // What is broken at once is not worth a long look.
    for (const question of questions) await ask(pool, question, undefined, counts);
    if (counts.wrong.length > 0) throw new Error(`wrong from the start: ${counts.wrong[0]!}`);

    const pid = server.pid();
    const beginMs = Date.now();
    const overMs = beginMs + seconds * 1000;
    const configure = (n: number): void => {
      const promxy = { server_groups: groups };
      const config = { global: { external_labels: { n: String(n) } }, promxy };
      writeFileSync(join(server.directory, 'config.yaml'), JSON.stringify(config));
    };
    await Promise.all([
      ...Array.from({ length: clients }, (_, i) => keepAsking(pool, questions, i, overMs, counts)),
      keepReloading(origin, configure, overMs, counts),
      keepReading(origin, beginMs, overMs, taken, counts),
    ]);

    const settledMs = Date.now() + settleMs;
    let last = await readProcess(origin, (Date.now() - beginMs) / 1000);
    while (last.heldBytes > 0 && Date.now() < settledMs) {
      await sleep(200);
      last = await readProcess(origin, (Date.now() - beginMs) / 1000);
    }
    const add = (what: string, value: number, unit: string, atMost?: number): void => {
      figures.push({ case: 'answers', what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
    };
    add('right', counts.right, '');
    add('left in the middle', counts.left, '');
    add('reloads', counts.reloads, '');
    add('wrong or unexpected', counts.wrong.length, '', 0);
    add('failed reloads', counts.failedReloads.length, '', 0);
    add('ends of the process', server.pid() === pid ? 0 : 1, '', 0);
    add('held by the budget afterwards', last.heldBytes, 'bytes', 0);
    figures.push(...growthOf(taken));
    for (const sentence of new Set([...counts.wrong, ...counts.failedReloads].slice(0, shown))) {
      console.error(sentence);
    }
  } finally {
    await pool.destroy();
    await server.stop();
  }
}

async function keepAsking(
  pool: Pool,
  questions: readonly Question[],
  first: number,
  overMs: number,
  counts: Counts,
): Promise<void> {
  for (let i = first; Date.now() < overMs; i++) {
    const leaveAfterMs = Math.random() < leaving ? Math.random() * leaveWithinMs : undefined;
    await ask(pool, questions[i % questions.length]!, leaveAfterMs, counts);
  }
}

async function ask(
  pool: Pool,
  question: Question,
  leaveAfterMs: number | undefined,
  counts: Counts,
): Promise<void> {
  const leaving = new AbortController();
  const timer =
    leaveAfterMs === undefined
      ? undefined
      : setTimeout(() => {
          leaving.abort();
        }, leaveAfterMs);
  try {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: question.url,
      signal: leaving.signal,
    });
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part as Buffer);
    question.check(statusCode, Buffer.concat(parts));
    counts.right++;
  } catch (thrown) {
    if (leaving.signal.aborted) counts.left++;
    else counts.wrong.push(`${question.url}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function keepReloading(
  origin: string,
  configure: (n: number) => void,
  overMs: number,
  counts: Counts,
): Promise<void> {
  for (let n = 1; Date.now() + reloadEveryMs < overMs; n++) {
    await sleep(reloadEveryMs);
    configure(n);
    const response = await fetch(`${origin}/-/reload`, { method: 'POST' });
    const text = await response.text();
    if (response.ok) counts.reloads++;
    else counts.failedReloads.push(`/-/reload: ${response.status} ${text.slice(0, 300)}`);
  }
}

/** Prints a part of what it reads, so that whoever waits sees where it goes. */
async function keepReading(
  origin: string,
  beginMs: number,
  overMs: number,
  taken: Reading[],
  counts: Counts,
): Promise<void> {
  const everyMs = (overMs - beginMs) / readings;
  for (let n = 1; n < readings; n++) {
    await sleep(Math.max(0, beginMs + n * everyMs - Date.now()));
    const reading = await readProcess(origin, (Date.now() - beginMs) / 1000);
    taken.push(reading);
    if (n % Math.ceil(readings / shown) === 0) {
      console.log(
        `${reading.atS.toFixed(0).padStart(5)} s  heap ${reading.heapMB.toFixed(0).padStart(4)} MB  ` +
          `RSS ${reading.rssMB.toFixed(0).padStart(4)} MB  handles ${String(reading.handles).padStart(3)}  ` +
          `descriptors ${String(reading.fileDescriptors).padStart(3)}  ` +
          `right ${counts.right}  left ${counts.left}  wrong ${counts.wrong.length}`,
      );
    }
  }
}
