// The cancellation signal as a port.

/** The part of `AbortSignal` that promfed uses. Any `AbortSignal` is a StopSignal. */
export interface StopSignal {
  readonly aborted: boolean;
  /** Reason of the abort. Has no meaning before it. */
  readonly reason: unknown;
  /** Calls `listener` once, on abort. A listener added after the abort is never called. */
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
