import { isDeepStrictEqual } from 'node:util';
import { areSame } from '../areSame.ts';
import type { InjectorContent } from '../expect/epoch.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { NamespaceFacts } from '../model.ts';
import { sameLabels } from './changes.ts';

/** Objects of a watch are compared by identity, and what is made of them each time by its content. */
export function isSameContent(before: InjectorContent, after: InjectorContent): boolean {
  const { notReady: notReadyBefore, configChart: chartBefore, ...objectsBefore } = before;
  const { notReady, configChart, ...objects } = after;
  return (
    areSame(Object.values(objectsBefore), Object.values(objects)) &&
    isDeepStrictEqual([notReadyBefore, chartBefore], [notReady, configChart])
  );
}

/** Whether a namespace says the same as before. */
export const sameFacts = (before: NamespaceFacts, after: NamespaceFacts): boolean =>
  before === after ||
  (before.proxyConfigs === after.proxyConfigs &&
    before.deleting === after.deleting &&
    sameLabels(before.labels, after.labels) &&
    sameLabels(before.annotations, after.annotations));

/** Whether two meshes are made of the same objects. */
export function isSameMesh(before: Mesh, after: Mesh): boolean {
  return (
    before.sources === after.sources &&
    areSame(before.injections, after.injections) &&
    before.namespaces.size === after.namespaces.size &&
    [...after.namespaces].every(([name, facts]) => before.namespaces.get(name) === facts)
  );
}
