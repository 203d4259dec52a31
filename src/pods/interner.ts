/** Gives equal strings one copy, so that many pods do not keep many copies. */
export type Intern = (text: string) => string;

/** Makes a function that gives equal texts back as one, so that thousands of pods share them. */
export function interner(): Intern {
  const known = new Map<string, string>();
  return (text) => {
    const copy = known.get(text);
    if (copy === undefined) known.set(text, text);
    return copy ?? text;
  };
}
