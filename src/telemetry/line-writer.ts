// Writes log lines without waiting for their reader. Lines are dropped when they cannot be written.

import type { Writable } from 'node:stream';

/** Bytes that wait for a slow reader. */
const MAX_WAITING_BYTES = 1 << 20;

/** Lines for one stream, such as standard error. The stream may be closed or full, or its reader may not read. */
export class LineWriter {
  readonly #stream: Writable;
  #dropped = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Without a listener, the error of a closed or full stream would end the process.
    stream.on('error', () => undefined);
  }

  /** Number of lines that were not written. */
  get dropped(): number {
    return this.#dropped;
  }

  readonly write = (line: string): void => {
    if (this.#stream.writableLength + line.length > MAX_WAITING_BYTES) {
      this.#dropped++;
      return;
    }
    this.#stream.write(line, (error) => {
      if (error) this.#dropped++;
    });
  };
}
