// The merge of the raw samples of a group's targets: it takes turns with the event loop, and holds each sample once.

import t from 'tap';

import { Labels, type RawSeries } from '../../../src/model/index.js';
import { Pacer, systemClock } from '../../../src/runtime/index.js';
import type { TargetGroup } from '../../../src/upstreams/group/fan-out.js';
import { mergeTargets } from '../../../src/upstreams/group/merge-targets.js';

const SERIES = 50;
const WINDOW = { afterMs: 0, untilMs: 1_000_000 };
const group = { antiAffinity: undefined, clock: systemClock } as TargetGroup;

/** Series with samples every 15 s, by key. */
function target(firstMs: number): Map<string, RawSeries> {
  const timestamps = Float64Array.from({ length: 20 }, (_, i) => firstMs + 15_000 * i);
  return new Map(
    Array.from({ length: SERIES }, (_, id): [string, RawSeries] => {
      const labels = Labels.from({ __name__: 'x', id: String(id) });
      return [labels.key, { labels, timestamps, values: timestamps }];
    }),
  );
}

/** A pacer that is always due. Counts its pauses, and aborts the signal at one of them. */
class EagerPacer extends Pacer {
  pauses = 0;
  readonly #controller: AbortController;
  readonly #abortAt: number;

  constructor(abortAt = Infinity, controller = new AbortController()) {
    super(controller.signal);
    this.#controller = controller;
    this.#abortAt = abortAt;
  }

  override get due(): boolean {
    return true;
  }

  override async pause(): Promise<void> {
    if (++this.pauses === this.#abortAt) this.#controller.abort();
    await super.pause();
  }
}

t.test('the merge yields to the event loop between series, and ends when the query is aborted', async (t) => {
  const pacer = new EagerPacer();
  const merged = await mergeTargets([target(15_000), target(20_000)], group, WINDOW, pacer);
  t.equal(merged.length, SERIES);
  t.equal(
    pacer.pauses,
    2 * SERIES,
    'once for each series that is merged, and once for each that is returned',
  );
  await t.rejects(mergeTargets([target(15_000), target(20_000)], group, WINDOW, new EagerPacer(5)), {
    code: 'canceled',
  });
});

t.test('samples that were merged are no longer held by the answers of other targets', async (t) => {
  const others = [target(20_000), target(400_000)];
  const merged = await mergeTargets([target(15_000), ...others], group, WINDOW, new EagerPacer());
  t.same(
    others.map(({ size }) => size),
    [0, 0],
  );
  t.same(
    merged.map(({ timestamps }) => timestamps.length),
    Array.from({ length: SERIES }, () => 40),
  );
});
