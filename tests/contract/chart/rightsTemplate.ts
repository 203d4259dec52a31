import { RIGHTS, type Right, type RightScope, STATUS_RIGHTS, type Verb } from '../../../src/cluster/rights.ts';

/** A rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const ORDER: readonly Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch'];

/** The rules that hold at a place, kinds of one group with the same verbs together. */
export function rulesOf(rights: readonly Right[]): Rule[] {
  const byResource = Map.groupBy(rights, ({ group, resource, names = [] }) => JSON.stringify([group, resource, names]));
  const single = [...byResource].map(([key, rows]) => {
    const [group, resource, names] = JSON.parse(key) as [string, string, string[]];
    const verbs = ORDER.filter((verb) => rows.some((row) => row.verbs.includes(verb)));
    return { group, resource, names, verbs };
  });
  const alike = Map.groupBy(single, ({ group, names, verbs }) => JSON.stringify([group, names, verbs]));
  return [...alike.values()].map((rows) => {
    const { group = '', names = [], verbs = [] } = rows[0] ?? {};
    return {
      apiGroups: [group],
      resources: rows.map(({ resource }) => resource),
      ...(names.length > 0 && { resourceNames: names }),
      verbs,
    };
  });
}

export const rightsAt = (place: RightScope, scoped: boolean, rights: readonly Right[] = RIGHTS): Right[] =>
  rights.filter((right) => (scoped ? right.scoped : [right.place]).includes(place));

/** The table of rights as templates of rules, for the roles to include. */
export function rightsTemplate(): string {
  const rulesText = (rights: readonly Right[]): string => rulesOf(rights).map(ruleText).join('\n');
  const template = (name: string, rights: readonly Right[]): string => {
    const always = rulesText(rights.filter(({ when }) => !when));
    const conditional = [
      ...Map.groupBy(
        rights.filter(({ when }) => when),
        ({ when }) => when,
      ),
    ].map(([when, rows]) => `{{- if ${conditionOf(when)} }}\n${rulesText(rows)}\n{{- end }}\n`);
    return `{{- define "${name}" -}}\n${always}\n${conditional.join('')}{{- end }}\n`;
  };
  return [
    '{{/* Made from src/cluster/rights.ts: npm run docs */}}\n',
    template('meltemi.rights.cluster', rightsAt('cluster', false)),
    template('meltemi.rights.istio', rightsAt('istio', false)),
    template('meltemi.rights.own', rightsAt('own', false)),
    template('meltemi.rights.scoped.cluster', rightsAt('cluster', true)),
    template('meltemi.rights.scoped.istio', rightsAt('istio', true)),
    template('meltemi.rights.scoped.namespaces', rightsAt('namespaces', true)),
    template('meltemi.rights.scoped.own', rightsAt('own', true)),
    template('meltemi.status.cluster', rightsAt('cluster', false, STATUS_RIGHTS)),
    template('meltemi.status.scoped.own', rightsAt('own', true, STATUS_RIGHTS)),
    template('meltemi.status.scoped.namespaces', rightsAt('namespaces', true, STATUS_RIGHTS)),
  ].join('\n');
}

/** A value of the chart, or a template that is not empty. */
const conditionOf = (when: Right['when'] = 'istio'): string =>
  when.includes('.') ? `.Values.${when}` : `include "meltemi.${when}" .`;

const list = (words: readonly string[]): string => `[${words.map((word) => word || '""').join(', ')}]`;

const ruleText = ({ apiGroups, resources, resourceNames, verbs }: Rule): string =>
  [
    `- apiGroups: ${list(apiGroups)}`,
    `  resources: ${list(resources)}`,
    ...(resourceNames ? [`  resourceNames: ${list(resourceNames)}`] : []),
    `  verbs: ${list(verbs)}`,
  ].join('\n');
