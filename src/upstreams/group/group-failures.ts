// Errors of the targets of a server group, and every warning about a missing or partial answer of a target.

import { PromfedError } from '../../model/index.js';
import { isRejection } from '../region-error.js';

interface Failure {
  readonly target: string;
  readonly reason: string;
  readonly cause: PromfedError;
}

/** The properties that all answers of a target have. */
interface PartialAnswer {
  readonly warnings: readonly string[];
  readonly infos?: readonly string[];
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

  /** The first rejection of the request by a target; undefined without one. */
  get rejection(): PromfedError | undefined {
    const rejected = this.#failures.find(({ cause }) => isRejection(cause));
    return (
      rejected && new PromfedError(rejected.cause.code, this.#describe(rejected.target, rejected.reason))
    );
  }

  /**
   * Returns the error for a request that all targets failed, with the reason of each. Its code is that of a rejection if
   * any target rejected the request, `region_limit` if all targets exceeded a limit, otherwise `upstream`.
   */
  error(): PromfedError {
    const reasons = this.#failures.map(({ target, reason }) => `target ${target}: ${reason}`).join('; ');
    const causes = this.#failures.map(({ cause }) => cause);
    const [first] = causes;
    const isLimit = causes.every(({ code }) => code === 'region_limit');
    const code = causes.find(isRejection)?.code ?? (isLimit ? 'region_limit' : 'upstream');
    return new PromfedError(code, `server group "${this.#group}": ${reasons}`, { cause: first });
  }

  /**
   * Hides secrets in the warnings and infos of an answer, and adds a warning when its own server marks it as partial.
   * VictoriaMetrics does so when some storage nodes did not answer.
   */
  withOwnWarnings<Answer extends PartialAnswer>(target: string, answer: Answer): Answer {
    const { warnings, infos = [] } = answer;
    let own = answer;
    if (warnings.length > 0) own = { ...own, warnings: warnings.map(this.#redact) };
    if (infos.length > 0) own = { ...own, infos: infos.map(this.#redact) };
    if (!answer.isPartial) return own;
    const warning = this.#describe(target, 'partial response: some storage nodes did not answer');
    return { ...own, warnings: [...own.warnings, warning] };
  }

  /** Adds the names of the group and the targets to an error of their merged answers. */
  groupError(error: PromfedError, targets: readonly string[]): PromfedError {
    const text = this.#redact(error.message);
    const safe = text === error.message ? error : new PromfedError(error.code, text, { cause: error });
    return nameSource(safe, this.#group, targets);
  }

  /**
   * Returns the error of a query that a target failed with a fatal error. Its message is that of the target alone, except
   * for `unsupported`, which names the group and the target. The cause always names them.
   */
  fatal(target: string, error: PromfedError): PromfedError {
    const text = this.#redact(error.message);
    const named = this.#describe(target, text);
    const message = error.code === 'unsupported' ? named : text;
    const cause = new PromfedError('upstream', named, { cause: error });
    return new PromfedError(error.code, message, { cause });
  }

  /** Returns the text of an error or a warning about a target, which names the group and the target. */
  #describe(target: string, reason: string): string {
    return `server group "${this.#group}": target ${target}: ${reason}`;
  }
}

/**
 * Adds the names of the group and of the targets that may have caused it to an error, unless it names the group.
 *
 * @param targets empty when they are not known.
 */
export function nameSource(error: PromfedError, group: string, targets: readonly string[]): PromfedError {
  const prefix = `server group "${group}": `;
  if (error.message.startsWith(prefix)) return error;
  const names = `${targets.length > 1 ? 'targets' : 'target'} ${targets.join(', ')}: `;
  const message = `${prefix}${targets.length === 0 ? '' : names}${error.message}`;
  return new PromfedError(error.code, message, { cause: error });
}
