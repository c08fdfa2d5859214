// Functions and methods of templates, with Go's types of their parameters.

import type { Value } from '../values/value.js';

/** Go's name of the type of a parameter. `reflect.Value` accepts every value and leaves nil as it is. */
export type ParameterType =
  | 'string'
  | 'int'
  | 'interface {}'
  | 'reflect.Value'
  | 'template.queryResult'
  | '*template.sample'
  | 'time.Duration'
  | 'time.Time';

/** Facts that functions need, besides their arguments. */
export interface CallContext {
  /**
   * Returns the result of a query.
   *
   * @throws CallError when the query failed.
   */
  query(expr: string): Value;
  /** Without the trailing slash unless configured so. */
  readonly externalUrl: string;
  /** Path of the external URL. */
  readonly pathPrefix: string;
  /** Time of the evaluation. */
  readonly nowMs: number;
  /** Counts the work on long texts; throws when it exceeds the limit. */
  spend(steps: number): void;
}

export interface GoFunction {
  readonly parameters: readonly ParameterType[];
  /** Type of the further arguments. */
  readonly variadic?: ParameterType;
  /** Number of results; Go's templates reject others than 1. */
  readonly results?: number;
  /** Arguments are of the parameters' types. */
  call(args: readonly Value[], context: CallContext): Value;
}

/** The error of a function, without the position. */
export class CallError extends Error {
  override readonly name = 'CallError';
}

/** Returns the text of a string argument. */
export function textOf(value: Value | undefined): string {
  return value?.kind === 'string' ? value.value : '';
}
