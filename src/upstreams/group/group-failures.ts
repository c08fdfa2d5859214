// Errors of the targets of a server group, and every warning about a missing or partial answer of a target.

import { PromfedError } from '../../model/index.js';

interface Failure {
  readonly target: string;
  readonly reason: string;
  readonly cause: PromfedError;
}

/** The properties that all answers of a target have. */
interface PartialAnswer {
  readonly warnings: readonly string[];
  readonly isPartial: boolean;
}

/** The failed targets of one request to a group. */
export class GroupFailures {
  readonly #group: string;
  readonly #redact: (text: string) => string;
  readonly #failures: Failure[] = [];

  constructor(group: string, redact: (text: string) => string) {
    this.#group = group;
    this.#redact = redact;
  }

  add(target: string, cause: PromfedError): void {
    this.#failures.push({ target, reason: this.#redact(cause.message), cause });
  }

  /** One warning for each failed target, in the order of the failures. */
  get warnings(): string[] {
    return this.#failures.map(({ target, reason }) => this.#describe(target, reason));
  }

  /** Returns the error for a request that all targets failed: `upstream`, with the reason of each. */
  error(): PromfedError {
    const causes = this.#failures.map(({ target, reason }) => `target ${target}: ${reason}`).join('; ');
    return new PromfedError('upstream', `server group "${this.#group}": ${causes}`, {
      cause: this.#failures[0]?.cause,
    });
  }

  /**
   * Adds a warning to an answer that its own server marks as partial. VictoriaMetrics does so when some storage nodes did
   * not answer. Returns any other answer unchanged.
   */
  withPartialWarning<Answer extends PartialAnswer>(target: string, answer: Answer): Answer {
    if (!answer.isPartial) return answer;
    const warning = this.#describe(target, 'partial response: some storage nodes did not answer');
    return { ...answer, warnings: [...answer.warnings, warning] };
  }

  /** Adds the name of the group to an error that no single target caused. */
  groupError(error: PromfedError): PromfedError {
    return new PromfedError(error.code, `server group "${this.#group}": ${error.message}`, { cause: error });
  }

  /**
   * Returns the error of a query that a target failed with a fatal error. Its message is that of the target alone, except
   * for `rejected` and `unsupported`, which name the group and the target. The cause always names them.
   */
  fatal(target: string, error: PromfedError): PromfedError {
    const text = this.#redact(error.message);
    const named = this.#describe(target, text);
    const namesTarget = error.code === 'rejected' || error.code === 'unsupported';
    const message = namesTarget ? named : text;
    const cause = new PromfedError('upstream', named, { cause: error });
    return new PromfedError(error.code, message, { cause });
  }

  /** Returns the text of an error or a warning about a target, which names the group and the target. */
  #describe(target: string, reason: string): string {
    return `server group "${this.#group}": target ${target}: ${reason}`;
  }
}

/** Reports whether other targets would fail with the same error. Only `upstream` errors are the fault of a target. */
export function isFatal(error: PromfedError): boolean {
  return error.code !== 'upstream';
}
