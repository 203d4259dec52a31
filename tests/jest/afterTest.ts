const left: (() => unknown)[] = [];

/** Undoes something after the running test, the last thing first, however the test ends. */
export function afterTest(undo: () => unknown): void {
  left.push(undo);
}

afterEach(async () => {
  for (let undo = left.pop(); undo; undo = left.pop()) await undo();
});
