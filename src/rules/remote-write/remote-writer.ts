// Remote write: one queue for each receiver.

import type { RemoteWriteSettings } from '../../config/index.js';
import { type Labels, Relabeler } from '../../model/index.js';
import {
  createHttpClient,
  type Background,
  type HttpClient,
  type HttpClientOptions,
} from '../../upstreams/index.js';
import type { OutgoingSample, SampleSink } from '../ports.js';
import { NO_JOURNAL, type SampleJournal } from './journal/journal.js';
import { NO_REMOTE_WRITE_METRICS, type QueueMetrics, type RemoteWriteMetrics } from './metrics.js';
import { RemoteQueue } from './remote-queue.js';

/** Default limit of the estimated memory of one queue. */
const DEFAULT_MAX_QUEUE_BYTES = 64 << 20;

const DEFAULT_DRAIN_MS = 10_000;

export interface RemoteWriterOptions {
  /** Added to all samples. Labels of a sample override them. */
  readonly externalLabels: Labels;
  /** promfed's version, for the header User-Agent. */
  readonly version: string;
  /** Timers of delays, deadlines and timeouts. */
  readonly background: Background;
  /** Default: nothing is observed. */
  readonly metrics?: RemoteWriteMetrics;
  /**
   * Keeps the queues on disk. Samples of an earlier process are sent first. Owned by the writer. Default: a restart loses
   * queued samples.
   */
  readonly journal?: SampleJournal;
  /** Limit of the estimated memory of the samples of one queue. Default 64 MiB. */
  readonly maxQueueBytes?: number;
  /** Maximum time in which the queue of a removed receiver, or of a closed writer, is sent. Default 10,000. */
  readonly drainMs?: number;
  /** Default `createHttpClient`. */
  readonly createClient?: (options: HttpClientOptions) => HttpClient;
}

export interface RemoteWriter extends SampleSink {
  /** Number of samples that are queued or being sent, over all receivers. */
  readonly pending: number;
  /**
   * Queues samples for every receiver. Returns immediately and never throws. Samples that do not fit are dropped and
   * counted.
   */
  append(samples: readonly OutgoingSample[]): void;
  /**
   * Sends everything without waiting for full batches.
   *
   * @returns true when all queues are empty, false after `timeoutMs`.
   */
  flush(timeoutMs: number): Promise<boolean>;
  /**
   * Changes the receivers. Queues with equal settings are kept. A queue whose settings changed passes its samples, in
   * order, to the queue with its name or URL. Other queues are flushed in the background and closed.
   *
   * @throws PromfedError `bad_data` for invalid settings: nothing is changed.
   */
  update(settings: readonly RemoteWriteSettings[], externalLabels: Labels): Promise<void>;
  /**
   * Sends queued samples for up to `drainMs`. The rest stays in the journal, or is counted as failed. Later samples are
   * dropped.
   */
  close(): Promise<void>;
}

/**
 * Creates a writer. Nothing is sent before the first sample.
 *
 * @param settings receivers; names are unique. No receiver drops all samples.
 * @throws PromfedError `bad_data` when a URL, a header, a certificate, a credential or a regex is invalid.
 */
export function createRemoteWriter(
  settings: readonly RemoteWriteSettings[],
  options: RemoteWriterOptions,
): RemoteWriter {
  return new QueuedRemoteWriter(settings, options);
}

/** A receiver without a queue: everything that can fail has been created. */
interface PreparedReceiver {
  readonly key: string;
  readonly settings: RemoteWriteSettings;
  readonly externalLabels: Labels;
  readonly relabeler: Relabeler;
  readonly client: HttpClient;
}

/** A queue, and the key of everything that it was created from. */
interface OpenQueue {
  readonly key: string;
  readonly queue: RemoteQueue;
  readonly metrics: QueueMetrics;
}

class QueuedRemoteWriter implements RemoteWriter {
  readonly #options: RemoteWriterOptions;
  #queues: readonly OpenQueue[];
  /** Removed queues that are not closed yet. */
  readonly #closing = new Set<Promise<void>>();
  /** Fulfilled after the last call of `update`. */
  #updated: Promise<void> = Promise.resolve();

  constructor(settings: readonly RemoteWriteSettings[], options: RemoteWriterOptions) {
    this.#options = options;
    const receivers = this.#prepare(settings, options.externalLabels);
    this.#queues = receivers.map((receiver) => this.#open(receiver));
  }

  get pending(): number {
    return this.#queues.reduce((sum, { queue }) => sum + queue.pending, 0);
  }

  append(samples: readonly OutgoingSample[]): void {
    for (const { queue } of this.#queues) queue.append(samples);
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const areEmpty = await Promise.all(this.#queues.map(({ queue }) => queue.flush(timeoutMs)));
    return areEmpty.every(Boolean);
  }

  update(settings: readonly RemoteWriteSettings[], externalLabels: Labels): Promise<void> {
    const change = this.#updated.then(() => this.#change(settings, externalLabels));
    this.#updated = change.catch(() => undefined);
    return change;
  }

  async close(): Promise<void> {
    await this.#updated;
    const queues = this.#queues;
    this.#queues = [];
    await Promise.all([...queues.map((one) => this.#close(one, true)), ...this.#closing]);
    await this.#options.journal?.close();
  }

  async #change(settings: readonly RemoteWriteSettings[], externalLabels: Labels): Promise<void> {
    const keys = new Set(settings.map((one) => keyOf(one, externalLabels)));
    const kept = new Map(this.#queues.filter(({ key }) => keys.has(key)).map((one) => [one.key, one]));
    const changed = settings.filter((one) => !kept.has(keyOf(one, externalLabels)));
    const receivers = this.#prepare(changed, externalLabels);
    const removed = new Set(this.#queues.filter(({ key }) => !keys.has(key)));
    const predecessors = new Map<PreparedReceiver, OpenQueue>();
    for (const receiver of receivers) {
      const predecessor = findPredecessor(receiver, removed);
      if (predecessor === undefined) continue;
      predecessors.set(receiver, predecessor);
      removed.delete(predecessor);
    }
    await Promise.all([...predecessors.values()].map(({ queue }) => queue.stop()));
    // Synchronous: no sample is appended between the end of a queue and the start of its successor.
    for (const receiver of receivers) {
      const predecessor = predecessors.get(receiver);
      const samples = predecessor?.queue.takeAll() ?? [];
      predecessor?.metrics.remove();
      const opened = this.#open(receiver);
      opened.queue.restore(samples);
      kept.set(receiver.key, opened);
    }
    this.#queues = settings.map((one) => kept.get(keyOf(one, externalLabels))!);
    for (const one of removed) {
      const closed = this.#close(one, false).finally(() => this.#closing.delete(closed));
      this.#closing.add(closed);
    }
  }

  /** @throws PromfedError `bad_data` for invalid settings; nothing is left open. */
  #prepare(settings: readonly RemoteWriteSettings[], externalLabels: Labels): readonly PreparedReceiver[] {
    const { version, background, createClient = createHttpClient } = this.#options;
    const receivers: PreparedReceiver[] = [];
    try {
      for (const one of settings) {
        const relabeler = new Relabeler(one.writeRelabel);
        const client = createClient({
          url: one.url,
          owner: { title: `remote write "${one.name}"`, fields: { remote_name: one.name } },
          settings: one.httpClient,
          headers: one.headers,
          version,
          background,
        });
        receivers.push({ key: keyOf(one, externalLabels), settings: one, externalLabels, relabeler, client });
      }
    } catch (thrown) {
      for (const { client } of receivers) void client.close();
      throw thrown;
    }
    return receivers;
  }

  #open({ key, settings, externalLabels, relabeler, client }: PreparedReceiver): OpenQueue {
    const {
      background,
      metrics: allMetrics = NO_REMOTE_WRITE_METRICS,
      journal = NO_JOURNAL,
      maxQueueBytes = DEFAULT_MAX_QUEUE_BYTES,
    } = this.#options;
    const receiver = { name: settings.name, url: client.endpoint };
    const metrics = allMetrics.addQueue(receiver.name, receiver.url);
    const queue = new RemoteQueue({
      settings,
      externalLabels,
      relabeler,
      client,
      journal,
      receiver,
      maxBytes: maxQueueBytes,
      metrics,
      ...background,
    });
    queue.restore(journal.recover(receiver));
    return { key, queue, metrics };
  }

  async #close({ queue, metrics }: OpenQueue, keepsUnsent: boolean): Promise<void> {
    await queue.close(this.#options.drainMs ?? DEFAULT_DRAIN_MS, keepsUnsent);
    metrics.remove();
  }
}

function keyOf(settings: RemoteWriteSettings, externalLabels: Labels): string {
  return JSON.stringify([settings, externalLabels.flat]);
}

/** Returns the queue with the name of the receiver, else one with its URL. */
function findPredecessor(
  { settings }: PreparedReceiver,
  queues: ReadonlySet<OpenQueue>,
): OpenQueue | undefined {
  const all = [...queues];
  return (
    all.find(({ queue }) => queue.settings.name === settings.name) ??
    all.find(({ queue }) => queue.settings.url === settings.url)
  );
}
