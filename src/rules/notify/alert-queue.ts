// A bounded queue of alerts that drops the oldest ones.

import { labelsBytes } from '../../model/index.js';
import type { OutgoingAlert } from '../ports.js';

/** Limits of a queue or of a batch, both inclusive. */
export interface AlertLimits {
  readonly alerts: number;
  /** Estimated size of labels and annotations. */
  readonly bytes: number;
}

/** Estimated size of the other members of an alert. */
const ALERT_BYTES = 200;

interface Entry {
  readonly alert: OutgoingAlert;
  readonly bytes: number;
}

export class AlertQueue {
  readonly #limits: AlertLimits;
  /** The oldest first. */
  #entries: Entry[] = [];
  #bytes = 0;

  constructor(limits: AlertLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Adds alerts and returns the number of alerts, the oldest, that were dropped for it. */
  add(alerts: readonly OutgoingAlert[]): number {
    for (const alert of alerts) {
      const bytes = bytesOf(alert);
      this.#entries.push({ alert, bytes });
      this.#bytes += bytes;
    }
    let excess = Math.max(0, this.#entries.length - this.#limits.alerts);
    let bytes = this.#entries.slice(0, excess).reduce((sum, entry) => sum + entry.bytes, 0);
    while (this.#bytes - bytes > this.#limits.bytes) bytes += this.#entries[excess++]!.bytes;
    this.#entries.splice(0, excess);
    this.#bytes -= bytes;
    return excess;
  }

  /** Removes and returns the oldest alerts within the limits, and at least one unless the queue is empty. */
  take(limits: AlertLimits): OutgoingAlert[] {
    let count = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      if (count > 0 && (count === limits.alerts || bytes + entry.bytes > limits.bytes)) break;
      count++;
      bytes += entry.bytes;
    }
    this.#bytes -= bytes;
    return this.#entries.splice(0, count).map(({ alert }) => alert);
  }

  /** Removes all alerts and returns their number. */
  clear(): number {
    const { length } = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    return length;
  }
}

function bytesOf({ labels, annotations, generatorUrl }: OutgoingAlert): number {
  const text = annotations.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return ALERT_BYTES + labelsBytes(labels) + text + generatorUrl.length;
}
