// Operations on collections of any size. Spreading one into the arguments of a call overflows the stack from about a
// hundred thousand elements on.

/** Appends all items to an array, in their order. */
export function appendAll<T>(target: T[], items: Iterable<T>): void {
  for (const item of items) target.push(item);
}

/** Returns the least of the values, NaN if one is NaN, and Infinity without values. */
export function minOf(values: Iterable<number>): number {
  let min = Infinity;
  for (const value of values) min = Math.min(min, value);
  return min;
}

/** Returns the greatest of the values, NaN if one is NaN, and -Infinity without values. */
export function maxOf(values: Iterable<number>): number {
  let max = -Infinity;
  for (const value of values) max = Math.max(max, value);
  return max;
}
