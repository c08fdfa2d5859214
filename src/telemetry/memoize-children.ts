// Children of metrics by label values.

/**
 * Calls `create` once for each list of label values. Looking up a metric's child by its labels costs more than counting.
 * The number of lists must not depend on clients.
 */
export function memoizeChildren<T>(create: (...values: string[]) => T): (...values: string[]) => T {
  const children = new Map<string, T>();
  return (...values) => {
    const key = values.join('\0');
    let child = children.get(key);
    if (child === undefined) children.set(key, (child = create(...values)));
    return child;
  };
}
