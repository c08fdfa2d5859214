// All attacks at once, next to well-behaved clients.

import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../until.js';
import {
  collectProblems,
  recordResult,
  wellBehaved,
  type Arena,
  type Checks,
  type HostileCase,
} from './hostile-case.js';
import { startHealthProbe } from './health-probe.js';
import { MEMORY_BYTES } from './hostile-server.js';

/** Number of attacks, and of well-behaved clients, at the same time. */
const ATTACKERS = 3;
const CLIENTS = 4;
/** Pause between two queries of a well-behaved client. */
const PAUSE_MS = 50;

/**
 * Runs random attacks for `seconds`. Every answer to a well-behaved client must be correct; under overload it may be a
 * rejection with 503, which the client sends again.
 */
export async function runMixed(
  t: Checks,
  cases: readonly HostileCase[],
  arena: Arena,
  seconds: number,
): Promise<void> {
  const { server, regions } = arena;
  for (const one of cases) one.prepare?.(regions);
  server.resetPeak();
  const endMs = performance.now() + seconds * 1000;
  const isOver = (): boolean => performance.now() >= endMs || !server.isRunning();
  const endProbe = startHealthProbe(server.url);
  let attacks = 0;
  const attack = async (attacker: number): Promise<void> => {
    for (let i = attacker; cases.length > 0 && !isOver(); i += ATTACKERS) {
      await cases[i % cases.length]!.attack(arena);
      attacks++;
    }
  };
  const wrong: string[] = [];
  let answers = 0;
  let rejections = 0;
  const reasons = new Map<string, number>();
  // Clients keep their connections, as Grafana and vmalert do.
  const agent = new Agent({ keepAlive: true });
  const client = async (): Promise<void> => {
    while (!isOver()) {
      const problem = await wellBehaved(server, agent);
      if (problem === undefined) answers++;
      else if (/^(?:503|0) /.test(problem)) {
        rejections++;
        const reason = problem.replace(/\d+/g, 'N').slice(0, 160);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      } else wrong.push(problem);
      await sleep(PAUSE_MS);
    }
  };
  await Promise.all([
    ...Array.from({ length: ATTACKERS }, (_, i) => attack(i)),
    ...Array.from({ length: CLIENTS }, client),
  ]);
  agent.destroy();
  const health = await endProbe();
  const { problems, check } = collectProblems(t);
  const peakBytes = server.isRunning() ? server.peakRssBytes() : NaN;
  check(server.isRunning(), 'promfed has ended');
  check(wrong.length === 0, `a well-behaved client gets ${wrong[0] ?? ''}`);
  const rejected = `${answers} answers, ${rejections} rejections: ${JSON.stringify([...reasons])}`;
  check(answers > rejections, rejected);
  if (server.isRunning()) {
    check(peakBytes <= MEMORY_BYTES, `peak memory is ${(peakBytes / 1e6).toFixed(0)} MB`);
    await until(async () => (await server.heldBytes()) === 0, 'the budget to be returned');
  } else t.comment(server.output().slice(-2000));
  recordResult({
    case: `all cases at once: ${attacks} attacks, ${answers} correct answers, ${rejections} rejections`,
    healthMs: health.worstMs,
    slowness: health.slowness,
    peakMB: peakBytes / 1e6,
    attackMs: seconds * 1000,
    problems,
  });
}
