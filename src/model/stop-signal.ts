// The port through which work learns that it has to end.

/** The part of `AbortSignal` that promfed uses: an `AbortSignal` can be passed where this is expected. */
export interface StopSignal {
  readonly aborted: boolean;
  /** The reason of the abort; meaningless before it. */
  readonly reason: unknown;
  /** Calls `listener` once, on abort. A listener that is added after the abort is never called. */
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
