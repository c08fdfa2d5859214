// Random faults of three replicas that share rule groups: they are frozen, killed, cut off and stopped, and Redis loses its
// data.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

import type { PromfedProcess } from '../../promfed/process.js';
import { randomSeed } from '../../random-runs.js';
import { startRedis } from '../../real-servers/redis.js';
import { startTcpProxy } from '../../upstreams/tcp-proxy.js';
import { until } from '../../until.js';
import { firingAt, GROUPS, problemsOf, startBackends, startReplica, untilShared } from './replicas.js';

const NAMES = ['a', 'b', 'c'];
const KINDS = ['freeze', 'freeze', 'cut', 'cut', 'kill', 'stop', 'lose data'] as const;
/** Maximum number of replicas with a fault at the same time: one always evaluates. */
const MAX_FAULTY = 2;

/** Returns numbers from 0 to 1 that depend on the seed only. */
function randomNumbers(seed: number): () => number {
  let state = seed % 2 ** 31;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

/** Injects faults, and checks that alerts keep firing and that none is sent by two replicas. */
export async function injectRandomFaults(t: Test, count: number): Promise<void> {
  const seed = randomSeed();
  const random = randomNumbers(seed);
  t.comment(`seed ${seed}, ${count} faults`);
  const [backends, redis] = await Promise.all([startBackends(t), startRedis(t)]);
  const { log, alertmanager } = backends;
  const proxies = await Promise.all(NAMES.map(() => startTcpProxy(t, redis.port)));
  const start = (i: number): Promise<PromfedProcess> =>
    startReplica(t, NAMES[i]!, backends, {
      redis: { url: `redis://127.0.0.1:${proxies[i]!.port}` },
      lease_duration: '1500ms',
    });
  const replicas = await Promise.all(NAMES.map((_, i) => start(i)));
  await untilShared(replicas);
  await until(async () => (await firingAt(alertmanager)).length === 2 * GROUPS.length, 'all alerts');
  const firing = await firingAt(alertmanager);

  const faulty = new Set<number>();
  const open: Promise<void>[] = [];
  const inject = async (i: number, kind: (typeof KINDS)[number], forMs: number): Promise<void> => {
    const { child, ended } = replicas[i]!;
    if (kind === 'freeze') {
      child.kill('SIGSTOP');
      await sleep(forMs);
      child.kill('SIGCONT');
    } else if (kind === 'cut') {
      proxies[i]!.cut();
      await sleep(forMs);
      proxies[i]!.heal();
    } else if (kind === 'lose data') {
      await redis.kill();
      await redis.restart();
    } else {
      child.kill(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
      await ended;
      replicas[i] = await start(i);
    }
    // It may take groups again before it is the next one with a fault.
    await sleep(3_000);
    faulty.delete(i);
  };
  for (let fault = 0; fault < count; fault++) {
    await until(() => faulty.size < MAX_FAULTY, 'a replica without a fault');
    const healthy = NAMES.map((_, i) => i).filter((i) => !faulty.has(i));
    const i = healthy[Math.floor(random() * healthy.length)]!;
    faulty.add(i);
    open.push(inject(i, KINDS[Math.floor(random() * KINDS.length)]!, 200 + random() * 6_000));
    await sleep(random() * 3_000);
  }
  await Promise.all(open);
  await untilShared(replicas);
  t.strictSame(problemsOf(log), [], 'no alert is resolved, late, or sent by two replicas');
  t.strictSame(await firingAt(alertmanager), firing, 'no alert was resolved or fired again');
}
