// The port for the store in which replicas keep their common record.

/** The stored text, with the version that a write must replace. */
export interface StoredRecord {
  /** Undefined when nothing is stored yet. */
  readonly text: string | undefined;
  /** Identifies this state of the store. */
  readonly version: string;
}

/** A summary for people who look at the store. */
export interface RecordSummary {
  /** Identities of the replicas, sorted. */
  readonly members: readonly string[];
  readonly leaseMs: number;
  /** Number of changes of owners since the record was created. */
  readonly transitions: number;
}

/** A store with atomic replacement. Methods reject with a PromfedError; a failed write may have been stored. */
export interface ElectionStore {
  /** The store for messages: kind and address, without secrets. */
  readonly title: string;
  /** @param timeoutMs maximum time to the answer. */
  read(timeoutMs: number): Promise<StoredRecord>;
  /**
   * Replaces the record.
   *
   * @param version of the record that is replaced.
   * @returns false when the store contains another version: nothing was written.
   */
  write(text: string, version: string, summary: RecordSummary, timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
}
