// The source of the raw samples of a target: remote read or queries.

import type { ServerGroupSettings } from '../../config/index.js';
import type { Labels, Matcher } from '../../model/index.js';
import type { TargetDetector } from '../detect/target-detector.js';
import type { RemoteRead } from '../detect/target-traits.js';
import type { Target } from '../http/target.js';
import type { FetchContext } from '../server-group.js';

/** A way to read by remote read. */
export interface RemoteReading {
  /** Returns the matchers of each query of a request. */
  queries(matchers: readonly Matcher[]): readonly (readonly Matcher[])[];
  /** Returns the labels of a series from those in the response. @param query index of its query. */
  original(labels: Labels, query: number): Labels;
}

/** Reads what the server returns, with its external labels. */
const UNCHANGED: RemoteReading = { queries: (matchers) => [matchers], original: (labels) => labels };

/** Chooses the source of each target of a group. */
export class RawSource {
  readonly #detector: TargetDetector;
  readonly #mode: ServerGroupSettings['remoteRead'];
  /** Path of remote read, below the group's prefix. */
  readonly path: string;

  constructor({ remoteRead, remoteReadPath }: ServerGroupSettings, detector: TargetDetector) {
    this.#detector = detector;
    this.#mode = remoteRead;
    this.path = remoteReadPath;
  }

  /** True when a target whose remote read fails is queried instead. */
  get fallsBack(): boolean {
    return this.#mode === 'auto';
  }

  /** Returns how to read a target by remote read; undefined to query it. Never rejects. */
  async tryRemoteReading(target: Target, context: FetchContext): Promise<RemoteReading | undefined> {
    if (this.#mode !== 'auto') return this.#mode === 'always' ? UNCHANGED : undefined;
    const remoteRead = await this.#detector.remoteReadOf(target, context);
    return remoteRead.kind === 'served' ? remoteRead.externalLabels : undefined;
  }

  /** Records that remote read, which was detected, has failed. */
  failed(target: Target, reason: string): void {
    this.#detector.remoteReadFailed(target, reason);
  }

  /**
   * Reports whether all targets serve remote read, so that native histograms are complete. A target that was not detected
   * yet counts: its samples are not read before the detection.
   */
  isRemote(targets: readonly Target[]): boolean {
    if (this.#mode !== 'auto') return this.#mode === 'always';
    return targets.every(({ traits }) => traits.remoteRead.kind !== 'unserved');
  }

  /** Describes how targets are read, without duplicates. */
  describe(targets: readonly Target[], redact: (text: string) => string): readonly string[] {
    if (this.#mode === 'always') return ['by remote read'];
    if (this.#mode === 'never') return ['by queries: remote_read is false'];
    return [...new Set(targets.map(({ traits }) => redact(textOf(traits.remoteRead))))];
  }
}

function textOf(remoteRead: RemoteRead): string {
  switch (remoteRead.kind) {
    case 'undetected':
      return 'not detected yet';
    case 'served':
      return 'by remote read';
    case 'unserved':
      return `by queries: ${remoteRead.reason}`;
  }
}
