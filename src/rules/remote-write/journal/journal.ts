// The port for queued samples that outlive the process.

import type { OutgoingSample } from '../../ports.js';

/** Samples that are saved together and removed when none of them is queued any more. */
export interface JournalEntry {
  readonly key: string;
  /** Number of samples that are queued. */
  left: number;
}

export interface SavedSamples {
  readonly entry: JournalEntry;
  readonly samples: readonly OutgoingSample[];
}

/** The receiver that samples are for. */
export interface Receiver {
  readonly name: string;
  /** Without secrets. */
  readonly url: string;
}

/** Methods do not throw: failures of the store are logged. */
export interface SampleJournal {
  /** False when a restart loses queued samples. */
  readonly isDurable: boolean;
  /** Returns an entry without samples. */
  begin(): JournalEntry;
  /** Saves the samples of an entry in the background. Entries are saved in the order of the calls. */
  save(entry: JournalEntry, receiver: Receiver, samples: readonly OutgoingSample[]): void;
  /** Reports that samples of an entry were sent or dropped. The last one removes the entry. */
  done(entry: JournalEntry, samples: number): void;
  /** Returns the samples for a receiver that an earlier process saved, in order. Each is returned once. */
  recover(receiver: Receiver): readonly SavedSamples[];
  /** Resolves when everything reported so far is written. It survives the end of the process, however it ends. */
  written(): Promise<void>;
  /** Writes everything and releases the store. */
  close(): Promise<void>;
}

const NO_ENTRY: JournalEntry = { key: '', left: 0 };

/** Saves nothing. */
export const NO_JOURNAL: SampleJournal = {
  isDurable: false,
  begin: () => NO_ENTRY,
  save: () => undefined,
  done: () => undefined,
  recover: () => [],
  written: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
