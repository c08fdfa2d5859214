// Reads the values of flags: the given text or the default, parsed. Collects the problems.

import { PromfedError } from '../../model/index.js';
import { FLAGS, type FlagName, type FlagSpec } from './flag-table.js';
import type { Arguments } from './read-arguments.js';

export class FlagReader {
  readonly #given: Arguments['given'];
  readonly #problems: string[];

  /** `problems` receives one line for each invalid value. */
  constructor(given: Arguments['given'], problems: string[]) {
    this.#given = given;
    this.#problems = problems;
  }

  /** True when the command line has the flag. */
  has(name: FlagName): boolean {
    return this.#given.has(name);
  }

  /** All values of a repeatable flag, in order. */
  values(name: FlagName): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  /** The last value, or the default. A switch is `true` or `false`; a flag without a default is empty. */
  text(name: FlagName): string {
    const spec: FlagSpec = FLAGS[name];
    return this.#given.get(name)?.at(-1) ?? spec.default ?? (spec.value === undefined ? 'false' : '');
  }

  isOn(name: FlagName): boolean {
    return this.text(name) === 'true';
  }

  /** Parses the value. An invalid value is reported as a problem, and `fallback` is returned. */
  read<T>(name: FlagName, parse: (text: string) => T, fallback: T): T {
    try {
      return parse(this.text(name));
    } catch (error) {
      if (!(error instanceof PromfedError)) throw error;
      this.#problems.push(`--${name}: ${error.message}`);
      return fallback;
    }
  }

  /** Same as `read`, but returns undefined for a flag that is not given. */
  tryRead<T>(name: FlagName, parse: (text: string) => T): T | undefined {
    return this.has(name) ? this.read<T | undefined>(name, parse, undefined) : undefined;
  }
}
