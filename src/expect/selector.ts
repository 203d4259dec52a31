import type { LabelSelector, Labels } from '../model.ts';

/**
 * Whether a label selector matches, as in apimachinery (meta/v1/helpers.go LabelSelectorAsSelector, labels/selector.go). An absent or empty
 * selector matches everything. `matchLabels` and `matchExpressions` are combined with AND. `NotIn` and `DoesNotExist` also match if the key
 * is absent.
 * @throws {RangeError} for an operator that Kubernetes does not know. The API server would reject the selector, so its meaning is not
 *   guessed
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
