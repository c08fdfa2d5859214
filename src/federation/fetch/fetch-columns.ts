// Fetching for computation: the answers of all groups decoded to columns on the step grid.

import {
  decodeColumn,
  decodeLossyColumn,
  LossyHistograms,
  lossyHistograms,
  type SeriesFrame,
} from '../../json/index.js';
import { setLabels, setBufferedLabels } from '../../merge/index.js';
import { ColumnSlabs, labelsBytes, type Column, type Histogram, type Vector } from '../../model/index.js';
import type { Fetch } from '../../promql/plan/index.js';
import type { SampleBudget } from '../../runtime/index.js';
import type { GroupSnapshot } from '../../upstreams/index.js';
import { allOrNothing, tolerate } from '../fan-out.js';
import { asReplan } from '../native-histogram-replan.js';
import { noteTrailer, openFetch, type FetchRun, type OpenPart } from './open-fetch.js';

/**
 * Runs a fetch to its end. A group whose answer breaks off counts as one that did not answer: half of its series
 * would make a wrong aggregate.
 */
export async function fetchColumns(fetch: Fetch, run: FetchRun, budget: SampleBudget): Promise<Vector> {
  const parts = await openFetch(fetch, run);
  const lossy = new LossyHistograms();
  const results = await allOrNothing(parts, run.deadline, async (part) => {
    try {
      return await decodePart(part, run, budget, lossy);
    } catch (caught) {
      part.stats.failed(caught);
      const thrown = asReplan(caught, [part.group], fetch);
      tolerate(thrown, part.group, run, 'is missing from this answer');
      return undefined;
    } finally {
      part.frames.close();
    }
  });
  try {
    lossy.resolve((weight) => {
      budget.reserve(weight);
    });
  } catch (thrown) {
    const groups = parts.map(({ group }) => group).filter((group) => isLossy(group, run));
    throw asReplan(thrown, groups, fetch);
  }
  return fetch.overlapping ? mergeOverlapping(results) : results.flat();
}

/** Reports whether native histograms of the group are built from JSON. Not when its raw samples have complete ones. */
function isLossy({ allowsLossyHistograms = false, histograms }: GroupSnapshot, run: FetchRun): boolean {
  return (allowsLossyHistograms || run.acceptsLossyHistograms === true) && histograms === undefined;
}

/** @param lossy receives the native histograms of a group that `isLossy`. */
async function decodePart(
  part: OpenPart,
  run: FetchRun,
  budget: SampleBudget,
  lossy: LossyHistograms,
): Promise<Column[]> {
  const isLossyGroup = isLossy(part.group, run);
  const columns: Column[] = [];
  const counter = budget.onGrid(run.grid.count);
  const slabs = new ColumnSlabs(run.grid.count);
  const decode = (batch: readonly SeriesFrame[]): void => {
    run.memory.reserve('series', labelBytesOf(batch));
    for (const frame of batch) {
      counter.reserve(run.grid.count);
      const column = slabs.create(frame.labels);
      if (!isLossyGroup) {
        decodeColumn(frame, run.grid, column);
        columns.push(column);
        continue;
      }
      const decoded = decodeLossyColumn(frame, run.grid, column, lossy);
      if (decoded.histograms !== undefined) run.annotations.notice(lossyHistograms(part.group.name));
      columns.push(decoded);
    }
  };
  const { buffered: whole, addLabels, stats } = part;
  if (whole !== undefined) {
    stats.received(whole.frames);
    stats.ended(whole.trailer);
    decode(setBufferedLabels({ frames: whole.frames, addLabels }));
    noteTrailer(whole.trailer, run);
    return columns;
  }
  const frames = setLabels(part.frames, addLabels);
  for (;;) {
    const batch = await frames.next();
    if (batch === undefined) {
      stats.ended(frames.trailer);
      noteTrailer(frames.trailer, run);
      return columns;
    }
    stats.received(batch);
    decode(batch);
  }
}

/** With the key by which labels are compared, which is as long again. */
function labelBytesOf(frames: readonly SeriesFrame[]): number {
  return frames.reduce((sum, { labels }) => sum + 2 * labelsBytes(labels), 0);
}

/** Equal series become one; at each step the first group that has a sample wins. */
function mergeOverlapping(parts: readonly (readonly Column[])[]): Vector {
  const merged = new Map<string, Column>();
  for (const column of parts.flat()) {
    const first = merged.get(column.labels.key);
    if (first === undefined) {
      merged.set(column.labels.key, column);
      continue;
    }
    merged.set(column.labels.key, earlier(first, column));
  }
  return [...merged.values()];
}

/** At each step the first column's sample, else the second's. The arrays of the first are written to. */
function earlier(first: Column, second: Column): Column {
  const { present, values } = first;
  const histograms =
    first.histograms ??
    (second.histograms && new Array<Histogram | undefined>(present.length).fill(undefined));
  for (let step = 0; step < present.length; step++) {
    if (present[step] !== 0 || second.present[step] === 0) continue;
    present[step] = second.present[step]!;
    values[step] = second.values[step]!;
    if (histograms !== undefined) histograms[step] = second.histograms?.[step];
  }
  return histograms === undefined ? first : { ...first, histograms };
}
