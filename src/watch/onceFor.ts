/** Caches a result for the lifetime of its object. */
export function onceFor<T extends object, R>(make: (object: T) => R): (object: T) => R {
  const made = new WeakMap<T, { readonly value: R }>();
  return (object) => {
    const known = made.get(object) ?? { value: make(object) };
    made.set(object, known);
    return known.value;
  };
}

/** Caches a result for as long as the function that is returned is used. */
export function onceForText<R>(make: (text: string) => R): (text: string) => R {
  const made = new Map<string, { readonly value: R }>();
  return (text) => {
    const known = made.get(text) ?? { value: make(text) };
    made.set(text, known);
    return known.value;
  };
}
