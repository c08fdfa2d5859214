// Turns of the event loop during a piece of work, which show that it pauses.

/** Counts the turns of the event loop while `work` runs. Calls `onTurn` for each. */
export async function turnsOf(
  work: () => Promise<unknown>,
  onTurn: (turn: number) => void = () => undefined,
): Promise<number> {
  let turns = 0;
  let runs = true;
  const tick = (): void => {
    if (!runs) return;
    onTurn(++turns);
    setImmediate(tick);
  };
  setImmediate(tick);
  try {
    await work();
  } finally {
    runs = false;
  }
  return turns;
}

/** Runs `work` with a clock on which every check of the pacer is due, so that the speed of operators does not matter. */
export async function onEagerClock<T>(work: () => Promise<T>): Promise<T> {
  let nowMs = performance.now();
  Object.defineProperty(performance, 'now', { value: () => (nowMs += 1000), configurable: true });
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(performance, 'now');
    // The slices of the current turn end in the future of the real clock.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
