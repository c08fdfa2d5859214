// Waits for conditions. A slow machine makes a wait longer, never a failure: the limit only ends a test that hangs.

import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 5;
/** Below the time without output after which the test command ends a file, so that the message names the condition. */
const LIMIT_MS = 100_000;

/**
 * Resolves when the condition holds; it is checked every few milliseconds.
 *
 * @param what the condition, for the error.
 * @throws Error after 100 s.
 */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const startMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - startMs > LIMIT_MS) throw new Error(`waited ${LIMIT_MS / 1000} s for ${what}`);
    await sleep(INTERVAL_MS);
  }
}

/**
 * Resolves with the first result of `look` that is not undefined.
 *
 * @param what the result, for the error.
 * @throws Error after 100 s.
 */
export async function untilFound<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  let result: T | undefined;
  await until(async () => (result = await look()) !== undefined, what);
  return result!;
}
