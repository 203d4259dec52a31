/** Runs a generator to its end without pauses. `inSlices` lets other work in between. */
export function atOnce<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
