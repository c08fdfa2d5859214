// The parts of a decoded value that have the shape of the schema, so that one run reports the problems of all parts.

import type { Path } from '../file/schema-walk.js';

export class ValidParts {
  readonly #invalid: ReadonlySet<string>;

  /** @param problems the parts that do not have the shape. */
  constructor(problems: readonly { readonly path: Path }[]) {
    this.#invalid = new Set(problems.map(({ path }) => keyOf(path)));
  }

  /** Reports whether the value at the path does not have the shape. */
  isInvalid(path: Path): boolean {
    return this.#invalid.has(keyOf(path));
  }

  /** Returns a value without its invalid parts, and undefined when it is invalid itself. Lists keep their positions. */
  of(value: unknown, path: Path): unknown {
    if (this.#invalid.size === 0) return value;
    if (this.isInvalid(path)) return undefined;
    if (Array.isArray(value)) return value.map((item, i) => this.of(item, [...path, i]));
    if (typeof value !== 'object' || value === null) return value;
    const valid = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of Object.entries(value)) {
      const part = this.of(item, [...path, key]);
      if (part !== undefined) valid[key] = part;
    }
    return valid;
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}
