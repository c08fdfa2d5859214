// Fetching for computation: the answers of all groups decoded to columns on the step grid.

import { decodeColumn, setLabels } from '../merge/index.js';
import { emptyColumn, type Column, type SampleBudget, type Vector } from '../model/index.js';
import type { Fetch } from '../promql/plan/index.js';
import { allOrNothing, tolerate } from './ask-groups.js';
import { histogramsMet } from './histograms-met.js';
import { closeQuietly, noteTail, openFetch, type FetchRun, type OpenPart } from './open-fetch.js';

/**
 * Runs a fetch to its end. A group whose answer breaks off counts as one that did not answer: half of its series
 * would make a wrong aggregate.
 */
export async function fetchColumns(fetch: Fetch, run: FetchRun, budget: SampleBudget): Promise<Vector> {
  const parts = await openFetch(fetch, run);
  const results = await allOrNothing(parts, run.deadline, async (part) => {
    try {
      return await decodePart(part, run, budget);
    } catch (caught) {
      const thrown = histogramsMet(caught, [part.group], fetch);
      tolerate(thrown, part.group, run, 'is missing from this answer');
      return undefined;
    } finally {
      await closeQuietly(part.frames);
    }
  });
  return fetch.overlapping ? mergeOverlapping(results) : results.flat();
}

async function decodePart(part: OpenPart, run: FetchRun, budget: SampleBudget): Promise<Column[]> {
  const columns: Column[] = [];
  const frames = setLabels(part.frames, part.addLabels);
  for (;;) {
    const next = await frames.next();
    if (next.done) {
      noteTail(next.value, run);
      return columns;
    }
    for (const frame of next.value) {
      budget.take(run.grid.count);
      const column = emptyColumn(frame.labels, run.grid.count);
      decodeColumn(frame, run.grid, column);
      columns.push(column);
    }
  }
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
    for (let step = 0; step < first.present.length; step++) {
      if (first.present[step] === 1 || column.present[step] === 0) continue;
      first.present[step] = 1;
      first.values[step] = column.values[step]!;
    }
  }
  return [...merged.values()];
}
