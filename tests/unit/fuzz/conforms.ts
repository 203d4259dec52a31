const MAPS: ReadonlySet<string> = new Set(['labels', 'annotations', 'matchLabels']);
const EITHER: ReadonlySet<string> = new Set(['maxUnavailable', 'maxSurge']);

/**
 * Whether a value has the types of a model: an oracle that owes nothing to the code under test. Fields may be absent or null, and others
 * may be there; an element of an array is like the model's first; the values of a map are strings; an empty object models any object.
 */
export function conforms(model: unknown, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(model))
    return Array.isArray(value) && value.every((one) => one !== null && conforms(model[0], one));
  if (typeof model !== 'object' || model === null) return typeof value === typeof model;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.entries(model).every(([field, inner]) =>
    fieldConforms(field, inner, (value as Record<string, unknown>)[field]),
  );
}

function fieldConforms(field: string, model: unknown, value: unknown): boolean {
  if (EITHER.has(field)) return ['string', 'number', 'undefined'].includes(typeof (value ?? undefined));
  if (!MAPS.has(field)) return conforms(model, value);
  return conforms({}, value) && Object.values(value ?? {}).every((one) => typeof one === 'string');
}
