// The properties of a target that were detected.

import { UNKNOWN_PRODUCT, type Product } from '../../model/index.js';
import type { ExternalLabels } from '../api/external-labels.js';

/** How raw samples of a target are read when the configuration does not say so. */
export type RemoteRead =
  | { readonly kind: 'undetected' }
  /** By remote read, which adds the external labels. */
  | { readonly kind: 'served'; readonly externalLabels: ExternalLabels }
  /** By queries, for a reason. */
  | { readonly kind: 'unserved'; readonly reason: string };

export function sameRemoteRead(a: RemoteRead, b: RemoteRead): boolean {
  if (a.kind === 'served') return b.kind === 'served' && a.externalLabels.equals(b.externalLabels);
  return a.kind === b.kind;
}

export class TargetTraits {
  /** The product at the last detection that succeeded. */
  product: Product = UNKNOWN_PRODUCT;
  remoteRead: RemoteRead = { kind: 'undetected' };
  #isDown = false;
  #changes = 0;

  /** Number of times that the target may have become another one: it has answered after a failure, for example. */
  get changes(): number {
    return this.#changes;
  }

  /** Records that the target has answered a request. */
  answered(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#changes++;
  }

  /** Records that the target has failed to answer a request. */
  failed(): void {
    this.#isDown = true;
  }

  /** Records that remote read has failed. It is not used until it is detected again. */
  remoteReadFailed(reason: string): void {
    this.remoteRead = { kind: 'unserved', reason: `remote read failed: ${reason}` };
    this.#changes++;
  }
}
