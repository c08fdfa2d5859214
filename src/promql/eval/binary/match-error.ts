import { PromfedError } from '../../../model/index.js';

/** The order in which an evaluation of one step finds its errors. */
export type MatchPhase = 'one-side' | 'match';

/**
 * The first error of an operation between vectors. Operators compute series by series; the error to report is the one
 * that an evaluation step by step, as in Prometheus, would find first.
 */
export class MatchError {
  #step = Infinity;
  #phase: MatchPhase = 'match';
  #message: (() => string) | undefined;

  /** Records an error. It is kept if its step, or at an equal step its phase, is earlier than that of the kept one. */
  record(step: number, phase: MatchPhase, message: () => string): void {
    if (step > this.#step) return;
    if (step === this.#step && (phase === 'match' || this.#phase === 'one-side')) return;
    this.#step = step;
    this.#phase = phase;
    this.#message = message;
  }

  /** @throws PromfedError `execution` for the first error, if any. */
  throwIfAny(): void {
    if (this.#message !== undefined) throw new PromfedError('execution', this.#message());
  }
}
