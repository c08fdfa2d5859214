// A binary heap in an array: no element comes before its parent.

export type Before<T> = (a: T, b: T) => boolean;

/** Moves the last element up to its place. Call it after an element was added. */
export function siftUp<T>(heap: T[], before: Before<T>): void {
  let i = heap.length - 1;
  const moved = heap[i]!;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!before(moved, heap[parent]!)) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = moved;
}

/** Moves the first element down to its place. Call it after the first element has changed. */
export function siftDown<T>(heap: T[], before: Before<T>): void {
  const moved = heap[0]!;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, moved)) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = moved;
}

export function removeFirst<T>(heap: T[], before: Before<T>): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  heap[0] = last;
  siftDown(heap, before);
}
