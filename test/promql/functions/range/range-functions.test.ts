import fc from 'fast-check';
import t from 'tap';

import { extendedSamples, RANGE_FUNCTIONS, type Windows } from '../../../../src/promql/functions/index.js';

/** Pauses that are never due. */
const NO_PAUSES = { due: false, pause: () => Promise.resolve() };

/** Computes one window on its own, without sliding. */
function computeAlone(
  name: string,
  windows: Windows,
  step: number,
  args: readonly Float64Array[],
): number | undefined {
  const from = windows.from[step]!;
  const to = windows.to[step]!;
  const endMs = windows.firstEndMs + step * windows.endStepMs;
  const gridMs = windows.gridStartMs + step * windows.gridStepMs;
  const output = { values: new Float64Array(1), present: new Uint8Array(1) };
  const only: Windows = {
    timestamps: windows.timestamps.slice(from, to),
    values: windows.values.slice(from, to),
    from: Int32Array.of(0),
    to: Int32Array.of(to - from),
    rangeMs: windows.rangeMs,
    firstEndMs: endMs,
    endStepMs: windows.endStepMs,
    gridStartMs: gridMs,
    gridStepMs: windows.gridStepMs,
  };
  const stepArgs = args.map((arg) => arg.slice(step, step + 1));
  void RANGE_FUNCTIONS.get(name)!.start(only, stepArgs, output, NO_PAUSES)(0, 1);
  return output.present[0] === 1 ? output.values[0] : undefined;
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0) },
  { weight: 2, arbitrary: fc.double() },
);

const windowsOf = fc
  .record({
    samples: fc.array(fc.record({ gap: fc.integer({ min: 1, max: 9 }), value }), { maxLength: 40 }),
    rangeMs: fc.integer({ min: 1, max: 60 }),
    stepMs: fc.integer({ min: 0, max: 30 }),
    count: fc.integer({ min: 1, max: 20 }),
    startMs: fc.integer({ min: -10, max: 50 }),
  })
  .map(({ samples, rangeMs, stepMs, count, startMs }): Windows => {
    let timeMs = 0;
    const timestamps = Float64Array.from(samples, ({ gap }) => (timeMs += gap));
    const ends = Array.from({ length: count }, (_, step) => startMs + step * stepMs);
    const upTo = (limitMs: number): number => timestamps.filter((at) => at <= limitMs).length;
    return {
      timestamps,
      values: Float64Array.from(samples, (sample) => sample.value),
      from: Int32Array.from(ends, (endMs) => upTo(endMs - rangeMs)),
      to: Int32Array.from(ends, upTo),
      rangeMs,
      firstEndMs: startMs,
      endStepMs: stepMs,
      gridStartMs: startMs,
      gridStepMs: stepMs,
    };
  });

for (const name of RANGE_FUNCTIONS.keys()) {
  t.test(
    `${name} returns the same for sliding windows as for each window alone, for any split of the steps`,
    async (t) => {
      fc.assert(
        fc.property(windowsOf, fc.nat(), (windows, cut) => {
          const count = windows.from.length;
          const args = [0.25, 0.5].map((factor) =>
            Float64Array.from({ length: count }, (_, i) => factor + i / 100),
          );
          const output = { values: new Float64Array(count), present: new Uint8Array(count) };
          const run = RANGE_FUNCTIONS.get(name)!.start(windows, args, output, NO_PAUSES);
          void run(0, cut % (count + 1));
          void run(cut % (count + 1), count);
          for (let step = 0; step < count; step++) {
            const expected = computeAlone(name, windows, step, args);
            const got = output.present[step] === 1 ? output.values[step] : undefined;
            if (!Object.is(got, expected))
              throw new Error(`step ${step}: ${String(got)} for ${String(expected)}`);
          }
        }),
        { numRuns: 300 },
      );
      t.pass();
    },
  );
}

t.test('an increase of -0 keeps its sign in a window without resets', async (t) => {
  const windows: Windows = {
    timestamps: Float64Array.of(1, 2, 3),
    values: Float64Array.of(1, 0, -0),
    from: Int32Array.of(0, 1),
    to: Int32Array.of(3, 3),
    rangeMs: 42,
    firstEndMs: 19,
    endStepMs: 12,
    gridStartMs: 19,
    gridStepMs: 12,
  };
  const output = { values: new Float64Array(2), present: new Uint8Array(2) };
  void RANGE_FUNCTIONS.get('increase')!.start(windows, [], output, NO_PAUSES)(0, 2);
  t.ok(Object.is(output.values[1], -0), `${output.values[1]!}`);
});

t.test('a smoothed range may have any number of samples', async (t) => {
  const count = 200_000;
  const windows: Windows = {
    timestamps: Float64Array.from({ length: count }, (_, i) => 2 * i),
    values: new Float64Array(count).fill(1),
    from: Int32Array.of(0),
    to: Int32Array.of(count),
    rangeMs: 2 * count - 4,
    firstEndMs: 2 * count - 3,
    endStepMs: 0,
    gridStartMs: 0,
    gridStepMs: 0,
  };
  const { timestamps, values } = extendedSamples(windows, 'smoothed')!;
  t.equal(timestamps.length, count);
  t.same(
    [timestamps[0], timestamps[1], timestamps.at(-2), timestamps.at(-1)],
    [1, 2, 2 * count - 4, 2 * count - 3],
  );
  t.ok(values.every((value) => value === 1));
});
