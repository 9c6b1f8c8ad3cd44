/** Has at most `atOnce` pieces of work under way; the others wait, and begin in the order in which they came. */
export function takeTurns(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let freeCount = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (freeCount > 0) freeCount -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The turn is handed on, so that nobody who comes meanwhile takes it.
      if (next === undefined) freeCount += 1;
      else next();
    }
  };
}
