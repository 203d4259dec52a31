/** Whether two lists have the same values in the same places. */
export const areSame = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((value, place) => Object.is(value, other[place]));
