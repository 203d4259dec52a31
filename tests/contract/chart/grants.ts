import type { Rule } from './rightsTemplate.ts';

/** `list apps/deployments`, one for each verb and kind, with the names where they are limited. */
export const grants = (rules: readonly Rule[]): Set<string> =>
  new Set(
    rules.flatMap(({ apiGroups, resources, resourceNames = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => [verb, `${group}/${resource}`, ...resourceNames].join(' ')),
        ),
      ),
    ),
  );
