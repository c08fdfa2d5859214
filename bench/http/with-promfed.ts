// One benchmark case: checks the result first, then measures promfed and the regions.

import type { Teardown } from '../../test/helpers/real-servers/server-process.js';
import { createReader, type Parameters, type Reader } from './read-answer.js';
import { groupOf, startPromfed, type Region } from './two-regions-testbed.js';

/** A request and the check of its result. */
export interface Case {
  readonly name: string;
  readonly path: string;
  readonly parameters: Parameters;
  /** Throws an Error when the response does not match the regions' responses. */
  readonly check: (answer: unknown, direct: readonly unknown[]) => void;
}

/** Starts a new promfed, checks its response to the case, and calls `measure`. Stops promfed in any case. */
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
    const answers = await Promise.all(direct.map((reader) => reader.json(one.path, exactParameters(one))));
    one.check(await promfed.json(one.path, one.parameters), answers);
    await measure(promfed, direct, server.pid()!, endpoint.origin);
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}

/** Returns the parameters that promfed sends to VictoriaMetrics for exact results. */
export function exactParameters(one: Pick<Case, 'parameters'>): Parameters {
  return { ...one.parameters, nocache: '1', latency_offset: '1ms' };
}
