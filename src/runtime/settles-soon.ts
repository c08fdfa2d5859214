/** Reports whether a promise settles before the event loop polls for input and timers again. */
export function settlesSoon(promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const settled = (): void => {
      resolve(true);
    };
    promise.then(settled, settled);
    setImmediate(resolve, false);
  });
}
