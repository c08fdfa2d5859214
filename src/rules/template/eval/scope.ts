// Variables of one template during an expansion.

import type { Value } from '../values/value.js';

/** A stack of variables. The last one of a name is visible. */
export class Scope {
  readonly #variables: { readonly name: string; value: Value }[] = [];

  /** Number of variables: restore it with `truncate`. */
  get size(): number {
    return this.#variables.length;
  }

  push(name: string, value: Value): void {
    this.#variables.push({ name, value });
  }

  truncate(size: number): void {
    this.#variables.length = size;
  }

  /** Returns undefined when the variable does not exist. */
  tryGet(name: string): Value | undefined {
    return this.#variables.findLast((variable) => variable.name === name)?.value;
  }

  /** Changes the visible variable; returns false when it does not exist. */
  assign(name: string, value: Value): boolean {
    const variable = this.#variables.findLast((one) => one.name === name);
    if (variable === undefined) return false;
    variable.value = value;
    return true;
  }

  /** Changes the variable that was pushed last (1), or the one before it (2). */
  setTop(fromTop: number, value: Value): void {
    this.#variables.at(-fromTop)!.value = value;
  }
}
