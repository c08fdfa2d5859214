// Fetches that are computed with: the answers of all groups decoded to columns on the step grid.

import {
  accounted,
  decodeColumn,
  decodeLossyColumn,
  LossyHistograms,
  lossyHistogramsWarning,
  type SeriesFrame,
} from '../../json/index.js';
import { setLabels, setBufferedLabels } from '../../merge/index.js';
import { ColumnSlabs, labelsBytes, type Column, type Vector } from '../../model/index.js';
import type { Fetch } from '../../promql/plan/index.js';
import { Pacer, type SampleBudget, type SampleCounter } from '../../runtime/index.js';
import type { GroupSnapshot } from '../../upstreams/index.js';
import { allOrNothing, warnOrThrow } from '../fan-out.js';
import { asReplan } from '../replan/native-histogram-replan.js';
import { noteTrailer, openFetch, requireBuckets, type FetchRun, type OpenPart } from './open-fetch.js';

/**
 * Runs a fetch to its end. A group whose answer breaks off is missing entirely: an aggregation of half of its series
 * would be wrong.
 */
export async function fetchColumns(fetch: Fetch, run: FetchRun, budget: SampleBudget): Promise<Vector> {
  const parts = await openFetch(fetch, run);
  const lossy = new LossyHistograms();
  const results = await allOrNothing(parts, run.deadline, async (part) => {
    try {
      return await decodePart(part, fetch, run, new PartDecoder(part.group, run, budget, lossy));
    } catch (thrown) {
      part.stats.failed(thrown);
      const { group, targets } = part;
      warnOrThrow(asReplan(thrown, [group], fetch), group, 'missing', run, targets);
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
  return results.flat();
}

/** Reads the answer of one group to its end. */
async function decodePart(
  { group, frames, buffered, addLabels, stats }: OpenPart,
  fetch: Fetch,
  run: FetchRun,
  decoder: PartDecoder,
): Promise<Column[]> {
  if (buffered !== undefined) {
    stats.received(buffered.frames);
    stats.ended(buffered.trailer);
    await decoder.decode(setBufferedLabels({ frames: buffered.frames, addLabels }));
    noteTrailer(buffered.trailer, group, run);
    return decoder.columns;
  }
  const labelled = setLabels(frames, addLabels);
  for (;;) {
    const batch = await labelled.next();
    if (batch === undefined) break;
    stats.received(batch);
    await decoder.decode(batch);
  }
  stats.ended(labelled.trailer);
  requireBuckets(labelled.trailer, fetch, run);
  noteTrailer(labelled.trailer, group, run);
  return decoder.columns;
}

/** Reports whether native histograms of the group are built from JSON: never if its raw samples have complete ones. */
function isLossy({ allowsLossyHistograms = false, histograms }: GroupSnapshot, run: FetchRun): boolean {
  return (allowsLossyHistograms || run.acceptsLossyHistograms === true) && histograms === undefined;
}

/** Decodes the series of one group. */
class PartDecoder {
  readonly columns: Column[] = [];
  readonly #run: FetchRun;
  readonly #counter: SampleCounter;
  readonly #slabs: ColumnSlabs;
  readonly #groupName: string;
  readonly #pacer: Pacer;
  /** Undefined when native histograms are an error. */
  readonly #lossy: LossyHistograms | undefined;

  /** @param lossy receives the native histograms that are built from JSON. */
  constructor(group: GroupSnapshot, run: FetchRun, budget: SampleBudget, lossy: LossyHistograms) {
    const { count } = run.grid;
    this.#run = run;
    this.#pacer = new Pacer(run.deadline.required.signal);
    this.#counter = budget.onGrid(count);
    this.#slabs = new ColumnSlabs(count);
    this.#groupName = group.name;
    this.#lossy = isLossy(group, run) ? lossy : undefined;
  }

  async decode(batch: readonly SeriesFrame[]): Promise<void> {
    const { grid, memory } = this.#run;
    memory.reserve('series', labelBytesOf(batch));
    for (const frame of batch) {
      // A series without samples has a column too.
      if (this.#pacer.due) await this.#pacer.pause();
      this.#counter.reserve(grid.count);
      const column = this.#slabs.create(frame.labels);
      if (this.#lossy === undefined) {
        decodeColumn(frame, grid, column);
        this.columns.push(column);
      } else {
        this.columns.push(this.#decodeLossy(frame, column, this.#lossy));
      }
    }
  }

  #decodeLossy(frame: SeriesFrame, column: Column, lossy: LossyHistograms): Column {
    const { grid, annotations, memory } = this.#run;
    const decoded = accounted(memory, frame, () => decodeLossyColumn(frame, grid, column, lossy));
    if (decoded.histograms !== undefined) annotations.notice(lossyHistogramsWarning(this.#groupName));
    return decoded;
  }
}

/** Returns the memory of the labels, which are held twice: as strings, and as the key that they are compared by. */
function labelBytesOf(frames: readonly SeriesFrame[]): number {
  return frames.reduce((sum, { labels }) => sum + 2 * labelsBytes(labels), 0);
}
