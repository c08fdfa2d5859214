// What went wrong at the targets of one server group, in the words that users read.

import { PromfedError } from '../../model/index.js';

interface Failure {
  readonly target: string;
  readonly reason: string;
  readonly cause: PromfedError;
}

/** Collects the failed targets of one request to a group. */
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

  /** One for each failed target. */
  get warnings(): string[] {
    return this.#failures.map(({ target, reason }) => this.sentence(target, reason));
  }

  /** When no target is left: `upstream`, with the cause of each. */
  error(): PromfedError {
    const causes = this.#failures.map(({ target, reason }) => `target ${target}: ${reason}`).join('; ');
    return new PromfedError('upstream', `server group "${this.#group}": ${causes}`, {
      cause: this.#failures[0]?.cause,
    });
  }

  sentence(target: string, reason: string): string {
    return `server group "${this.#group}": target ${target}: ${reason}`;
  }

  /** An error that no single target is to blame for. */
  ofGroup(error: PromfedError): PromfedError {
    return new PromfedError(error.code, `server group "${this.#group}": ${error.message}`, { cause: error });
  }

  /** An error that ends the query whatever the other targets say; its message is made for the user already. */
  fatal(target: string, error: PromfedError): PromfedError {
    const text = this.#redact(error.message);
    const named = this.sentence(target, text);
    const isOfTheGroup = error.code === 'refused' || error.code === 'unsupported';
    const message = isOfTheGroup ? named : text;
    const cause = new PromfedError('upstream', named, { cause: error });
    return new PromfedError(error.code, message, { cause });
  }
}

/**
 * Whether an error is of the query and not of the target that it came from: another replica would not mend it.
 * Only `upstream` is a target's own.
 */
export function isFatal(error: PromfedError): boolean {
  return error.code !== 'upstream';
}
