// The progress of a backfill on a terminal or in a log.

import { printDuration } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import type { BackfillObserver, BackfillProgress } from '../../rules/backfill/index.js';
import { printable, width } from '../printable.js';

/** Minimum time between two lines that are not on a terminal. */
const LINE_INTERVAL_MS = 5_000;
/** Minimum time between two updates of a line on a terminal. */
const UPDATE_INTERVAL_MS = 100;

export interface ProgressOptions {
  readonly clock: Clock;
  readonly err: (text: string) => void;
  /** Width of the terminal; undefined for anything else. */
  readonly columns: number | undefined;
}

/** Prints one line that changes on a terminal, otherwise a line every five seconds. */
export class ProgressPrinter implements BackfillObserver {
  readonly #options: ProgressOptions;
  readonly #startMs: number;
  #printedMs = -Infinity;
  #isLineOpen = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startMs = options.clock.now();
  }

  progress(progress: BackfillProgress): void {
    const { clock, err, columns } = this.#options;
    const nowMs = clock.now();
    const isLast = progress.done >= 1;
    const interval = columns === undefined ? LINE_INTERVAL_MS : UPDATE_INTERVAL_MS;
    if (nowMs - this.#printedMs < interval && !isLast) return;
    this.#printedMs = nowMs;
    const line = lineOf(progress, nowMs - this.#startMs);
    if (columns === undefined) {
      err(`${line}\n`);
      return;
    }
    const shown =
      width(line) < columns
        ? line
        : Array.from(line)
            .slice(0, columns - 1)
            .join('');
    err(`\r\u001b[K${shown}`);
    this.#isLineOpen = true;
  }

  note(text: string): void {
    this.end();
    this.#options.err(`note: ${printable(text)}\n`);
  }

  /** Ends the line that changes. */
  end(): void {
    if (this.#isLineOpen) this.#options.err('\n');
    this.#isLineOpen = false;
  }
}

function lineOf(progress: BackfillProgress, elapsedMs: number): string {
  const { group, rule, chunk, chunks, samples, done, doneBefore } = progress;
  const leftMs = (elapsedMs * (1 - done)) / (done - doneBefore);
  const eta = done > doneBefore ? `ETA ${printDuration(Math.ceil(leftMs / 1000) * 1000)}` : 'ETA unknown';
  const percent = Math.floor(done * 100);
  return printable(
    `${percent}% group ${group}, rule ${rule}: chunk ${chunk}/${chunks}, ${samples} samples written, ${done >= 1 ? 'done' : eta}`,
  );
}
