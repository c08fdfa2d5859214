// The four types of PromQL values.

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

/** The names that Prometheus' messages use. */
export const VALUE_TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};
