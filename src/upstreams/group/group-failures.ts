// The failures of the targets of one server group, as users read them.

import { PromfedError } from '../../model/index.js';

interface Failure {
  readonly target: string;
  readonly reason: string;
  readonly cause: PromfedError;
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

  /** One warning per failed target. */
  get warnings(): string[] {
    return this.#failures.map(({ target, reason }) => this.describe(target, reason));
  }

  /** The error when no target is left: `upstream`, with the reason of each. */
  error(): PromfedError {
    const causes = this.#failures.map(({ target, reason }) => `target ${target}: ${reason}`).join('; ');
    return new PromfedError('upstream', `server group "${this.#group}": ${causes}`, {
      cause: this.#failures[0]?.cause,
    });
  }

  /** Returns a text with the names of group and target before the reason. */
  describe(target: string, reason: string): string {
    return `server group "${this.#group}": target ${target}: ${reason}`;
  }

  /** Returns the error with the name of the group, for one that no single target caused. */
  groupError(error: PromfedError): PromfedError {
    return new PromfedError(error.code, `server group "${this.#group}": ${error.message}`, { cause: error });
  }

  /** Returns the error of a query that no other target can answer either. */
  fatal(target: string, error: PromfedError): PromfedError {
    const text = this.#redact(error.message);
    const named = this.describe(target, text);
    const namesTarget = error.code === 'refused' || error.code === 'unsupported';
    const message = namesTarget ? named : text;
    const cause = new PromfedError('upstream', named, { cause: error });
    return new PromfedError(error.code, message, { cause });
  }
}

/** Reports whether an error concerns the query, so that other targets fail too. Only `upstream` concerns one target. */
export function isFatal(error: PromfedError): boolean {
  return error.code !== 'upstream';
}
