/**
 * Something of which only some verbs can be had. The others fail when they are used, and name what was asked for.
 * @param what it is called in the tests
 */
export function onlyThese<T extends object>(what: string, has: Partial<T>): T {
  return new Proxy(has as T, {
    get(target, name) {
      // a promise that resolves with it asks for `then`
      if (name === 'then') return undefined;
      if (!(name in target)) throw new Error(`${what}.${String(name)}: not on a cluster that was only given`);
      const value: unknown = Reflect.get(target, name, target);
      // private fields belong to the object behind
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
