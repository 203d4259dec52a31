import type { Labels, LabelSelector } from '../model.ts';

/**
 * Whether a label selector matches, as apimachinery decides it (meta/v1/helpers.go LabelSelectorAsSelector, labels/selector.go).
 * An absent or empty selector matches everything; `matchLabels` and `matchExpressions` are joined by AND;
 * `NotIn` and `DoesNotExist` also match where the key is absent.
 * @throws {RangeError} for an operator that Kubernetes does not know: the API server would reject the selector, so nobody may guess.
 */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  const byLabel = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return byLabel && (selector?.matchExpressions ?? []).every((expression) => holds(expression, labels));
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw new RangeError(`label selector operator "${operator}" is not one of In, NotIn, Exists, DoesNotExist`);
  }
}

/** The selector in the form of the `labelSelector` query parameter (apimachinery labels/selector.go String). */
export function selectorQuery(selector: LabelSelector): string {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
  });
  return [...equal, ...expressions].join(',');
}
