// Detection of the properties of a target: its product and, where the configuration leaves it open, remote read.

import type { ServerGroupSettings } from '../../config/index.js';
import { asPromfedError, type ErrorCode, sameProduct } from '../../model/index.js';
import type { Clock, MemoryBudget } from '../../runtime/index.js';
import type { Target } from '../http/target.js';
import { withAccount } from '../learn/refresh-context.js';
import type { FetchContext } from '../server-group.js';
import { detectProduct } from './detect-product.js';
import { detectRemoteRead } from './detect-remote-read.js';
import { StatusPages } from './status-pages.js';
import { sameRemoteRead, type RemoteRead } from './target-traits.js';

/** Codes of errors of promfed's own limits, which say nothing about a target. */
const OWN_LIMITS: ReadonlySet<ErrorCode> = new Set(['canceled', 'timeout', 'memory', 'overloaded']);

/** Detects the properties of the targets of a group. */
export class TargetDetector {
  readonly #settings: ServerGroupSettings;
  readonly #clock: Clock;
  readonly #budget: MemoryBudget | undefined;
  readonly #onChange: (target: Target, isOtherProduct: boolean) => void;
  /** Detections that are running. */
  readonly #pending = new Map<Target, Promise<void>>();

  /**
   * @param budget for the answers of targets. Undefined for memory that is not counted.
   * @param onChange called when a property of a target has changed; it may be the product.
   */
  constructor(
    settings: ServerGroupSettings,
    clock: Clock,
    budget: MemoryBudget | undefined,
    onChange: (target: Target, isOtherProduct: boolean) => void,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#budget = budget;
    this.#onChange = onChange;
  }

  /**
   * Detects the properties and sets them. A failure keeps the product. Joins a detection that is running.
   *
   * @throws PromfedError when the target does not describe itself.
   */
  detect(target: Target, context: FetchContext): Promise<void> {
    const running = this.#pending.get(target);
    if (running !== undefined) return running;
    const started = this.#detect(target, context).finally(() => {
      this.#pending.delete(target);
    });
    this.#pending.set(target, started);
    return started;
  }

  /**
   * Returns how raw samples of a target are read. Detects it when it was never detected: for queries that come before the
   * detection in the background, or without one. Never rejects.
   */
  async remoteReadOf(target: Target, context: FetchContext): Promise<RemoteRead> {
    if (target.traits.remoteRead.kind === 'undetected') {
      const { signal, deadlineMs, headers } = context;
      const own = { signal, deadlineMs, headers, lookbackDeltaMs: undefined };
      await this.detect(target, own).catch(() => undefined);
    }
    return target.traits.remoteRead;
  }

  /** Records that the remote read of a target has failed. Its raw samples are read by queries until the next detection. */
  remoteReadFailed(target: Target, reason: string): void {
    target.traits.remoteReadFailed(reason);
    this.#onChange(target, false);
  }

  async #detect(target: Target, context: FetchContext): Promise<void> {
    const { product, remoteRead } = target.traits;
    try {
      await withAccount(context, this.#budget, (accounted) => this.#update(target, accounted));
    } finally {
      const isOther = !sameProduct(product, target.traits.product);
      if (isOther || !sameRemoteRead(remoteRead, target.traits.remoteRead)) this.#onChange(target, isOther);
    }
  }

  async #update(target: Target, context: FetchContext): Promise<void> {
    const { name, remoteRead, remoteReadPath } = this.#settings;
    const { traits } = target;
    const pages = new StatusPages(target, name, this.#clock);
    try {
      const product = await detectProduct(pages, context);
      if (remoteRead === 'auto') {
        traits.remoteRead = await detectRemoteRead(pages, product, remoteReadPath, context);
      }
      traits.product = product;
    } catch (thrown) {
      const { code, message } = asPromfedError(thrown);
      if (traits.remoteRead.kind === 'undetected' && !OWN_LIMITS.has(code)) {
        traits.remoteRead = { kind: 'unserved', reason: `its product is unknown: ${message}` };
      }
      throw thrown;
    }
  }
}
