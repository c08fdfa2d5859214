// One case of a benchmark: its answer checked first, then a fresh promfed and the regions handed to what measures.

import type { Teardown } from '../../test/helpers/real-servers/server-process.js';
import { createReader, type Parameters, type Reader } from './read-answer.js';
import { groupOf, startPromfed, type Region } from './two-regions-testbed.js';

export interface Case {
  readonly name: string;
  readonly path: string;
  readonly parameters: Parameters;
  /** Throws an Error when the answer is not what the regions' own ones say. */
  readonly check: (answer: unknown, direct: readonly unknown[]) => void;
}

/** Hands a fresh promfed to `measure`, once its answer to the case is proven right. */
export async function withPromfed(
  t: Teardown,
  regions: readonly Region[],
  one: Case,
  measure: (promfed: Reader, direct: readonly Reader[], pid: number, origin: string) => Promise<void>,
): Promise<void> {
  const { endpoint, server } = await startPromfed(
    t,
    regions.map((region) => groupOf(region)),
  );
  const promfed = createReader(endpoint);
  const direct = regions.map((region) => createReader(region.endpoint));
  try {
    const answers = await Promise.all(direct.map((reader) => reader.json(one.path, regional(one))));
    one.check(await promfed.json(one.path, one.parameters), answers);
    await measure(promfed, direct, server.pid()!, endpoint.origin);
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}

/** What promfed itself must ask a VictoriaMetrics for an exact answer. */
export function regional(one: Pick<Case, 'parameters'>): Parameters {
  return { ...one.parameters, nocache: '1', latency_offset: '1ms' };
}
