// A journal in LevelDB. Writes are not synchronized with the disk: they survive the end of the process, but the newest
// ones may be lost when the machine loses power.

import type { ClassicLevel } from 'classic-level';

import { PromfedError } from '../../../model/index.js';
import type { Log, Timers } from '../../../runtime/index.js';
import type { Background } from '../../../upstreams/index.js';
import type { OutgoingSample } from '../../ports.js';
import { LogLimiter } from '../log-limiter.js';
import type { JournalEntry, Receiver, SampleJournal, SavedSamples } from './journal.js';
import { encodeEntry, tryDecodeEntry, type SavedEntry } from './saved-entry.js';

type Store = ClassicLevel<string, Buffer>;

/** Time for which another process may still hold the store. */
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_RETRY_MS = 200;

/** Delay after a failed write, for example on a full disk. */
const RETRY_MS = 5000;

/** Entries of receivers that are not configured any more are removed after this time. */
const MAX_AGE_MS = 24 * 3_600_000;

/** Limit of the bytes that wait to be written. More entries are not saved. */
const MAX_WAITING_BYTES = 64 << 20;

/** Digits of a key: the order of keys is the order of numbers. */
const KEY_DIGITS = 16;

/**
 * Opens a journal and reads the entries of an earlier process.
 *
 * @param path folder of the store; created when it is missing. One process at a time can open it.
 * @throws PromfedError `unavailable` when the store cannot be opened or read.
 */
export async function openDiskJournal(path: string, { timers, log }: Background): Promise<SampleJournal> {
  try {
    const store = await openStore(path, timers);
    const saved: [JournalEntry, SavedEntry][] = [];
    const invalid: string[] = [];
    let last = 0;
    for await (const [key, value] of store.iterator()) {
      last = Number(key);
      const entry = tryDecodeEntry(value);
      if (entry === undefined || entry.savedMs < timers.now() - MAX_AGE_MS) invalid.push(key);
      else saved.push([{ key, left: entry.samples.length }, entry]);
    }
    if (invalid.length > 0) {
      await store.batch(invalid.map((key) => ({ type: 'del', key })));
      log.warn({ path, entries: invalid.length }, 'remote write journal: old or unreadable entries removed');
    }
    return new DiskJournal(store, saved, last + 1, { timers, log });
  } catch (thrown) {
    throw new PromfedError('unavailable', `remote write journal ${path}: ${reasonOf(thrown)}`, {
      cause: thrown,
    });
  }
}

async function openStore(path: string, timers: Timers): Promise<Store> {
  // The native library is loaded only where it is used.
  const { ClassicLevel: Level } = await import('classic-level');
  const store: Store = new Level(path, { keyEncoding: 'utf8', valueEncoding: 'buffer' });
  const untilMs = timers.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      await store.open();
      return store;
    } catch (thrown) {
      if (codeOf(thrown) !== 'LEVEL_LOCKED' || timers.now() >= untilMs) throw thrown;
      await new Promise<void>((resolve) => timers.schedule(LOCK_RETRY_MS, resolve));
    }
  }
}

/** Returns the code of the cause, which distinguishes errors of opening. */
function codeOf(thrown: unknown): unknown {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function reasonOf(thrown: unknown): string {
  if (codeOf(thrown) === 'LEVEL_LOCKED') return 'in use by another process';
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
}

/** Operations that are not written yet, by key. Undefined removes the entry. */
type Operations = Map<string, Buffer | undefined>;

class DiskJournal implements SampleJournal {
  readonly isDurable = true;
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #limiter: LogLimiter;
  #saved: readonly (readonly [JournalEntry, SavedEntry])[];
  #nextKey: number;
  #waiting: Operations = new Map();
  #waitingBytes = 0;
  /** The write in progress. */
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #cancelRetry: (() => void) | undefined;
  #waiters: (() => void)[] = [];

  constructor(
    store: Store,
    saved: readonly (readonly [JournalEntry, SavedEntry])[],
    nextKey: number,
    { timers, log }: Background,
  ) {
    this.#store = store;
    this.#saved = saved;
    this.#nextKey = nextKey;
    this.#timers = timers;
    this.#log = log;
    this.#limiter = new LogLimiter(timers);
  }

  begin(): JournalEntry {
    return { key: String(this.#nextKey++).padStart(KEY_DIGITS, '0'), left: 0 };
  }

  save(entry: JournalEntry, receiver: Receiver, samples: readonly OutgoingSample[]): void {
    if (samples.length === 0 || this.#isClosed) return;
    entry.left = samples.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#limiter.limit('full', (suppressed) => {
        this.#log.error({ suppressed }, 'remote write samples not saved: the disk is too slow');
      });
      return;
    }
    const bytes = encodeEntry({ receiver, savedMs: this.#timers.now(), samples });
    this.#waiting.set(entry.key, bytes);
    this.#waitingBytes += bytes.length;
    this.#write();
  }

  done(entry: JournalEntry, samples: number): void {
    entry.left -= samples;
    if (entry.left > 0 || this.#isClosed) return;
    this.#waitingBytes -= this.#waiting.get(entry.key)?.length ?? 0;
    this.#waiting.set(entry.key, undefined);
    this.#write();
  }

  recover({ name, url }: Receiver): readonly SavedSamples[] {
    const isFor = ({ receiver }: SavedEntry): boolean => receiver.name === name || receiver.url === url;
    const found = this.#saved.filter(([, saved]) => isFor(saved));
    this.#saved = this.#saved.filter(([, saved]) => !isFor(saved));
    return found.map(([entry, { samples }]) => ({ entry, samples }));
  }

  written(): Promise<void> {
    if (this.#waiting.size === 0 && this.#writing === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#write();
    while (this.#writing !== undefined) await this.#writing;
    await this.#store.close();
  }

  /** Writes the operations that wait, unless a write is in progress: the order of operations is kept. */
  #write(): void {
    if (this.#writing !== undefined || this.#cancelRetry !== undefined || this.#waiting.size === 0) return;
    const operations = this.#waiting;
    this.#waiting = new Map();
    this.#waitingBytes = 0;
    this.#writing = this.#writeBatch(operations).then((isWritten) => {
      this.#writing = undefined;
      if (this.#waiting.size === 0) for (const resolve of this.#waiters.splice(0)) resolve();
      else if (isWritten) this.#write();
    });
  }

  async #writeBatch(operations: Operations): Promise<boolean> {
    try {
      await this.#store.batch(
        Array.from(operations, ([key, value]) =>
          value === undefined ? { type: 'del', key } : { type: 'put', key, value },
        ),
      );
      return true;
    } catch (thrown) {
      this.#fail(operations, thrown);
      return false;
    }
  }

  /** Keeps the operations of a failed write for another attempt. */
  #fail(operations: Operations, thrown: unknown): void {
    this.#limiter.limit('failed', (suppressed) => {
      this.#log.error({ err: thrown, suppressed }, 'remote write samples not saved');
    });
    this.#waiting = new Map([...operations, ...this.#waiting]);
    this.#waitingBytes = [...this.#waiting.values()].reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0);
    // A write that fails at the end is not repeated.
    if (this.#isClosed) return;
    this.#cancelRetry = this.#timers.schedule(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.#write();
    });
  }
}
