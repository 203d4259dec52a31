import { resourcePath } from '../cluster/resources.ts';
import { KINDS } from '../kinds/kinds.ts';
import { type Asked, harmless, listedSoFar } from './askCluster.ts';
import type { SettingName } from './settings.ts';

/** What is being completed: the value as far as it is typed, and the namespace that the line names. */
export interface Typed {
  readonly value: string;
  readonly namespace: string | undefined;
}

/** The values of a flag that the cluster knows, each in full. A word that ends in `/` or `=` goes on. */
type Words = (asked: Asked, typed: Typed) => Promise<string[]>;

/** The flags whose values are names of the cluster. */
export const CLUSTER_WORDS: Partial<Readonly<Record<SettingName, Words>>> = {
  namespace: namespacesIn,
  namespaces: listOfNamespaces,
  istioNamespaces: listOfNamespaces,
  skipNamespaces: listOfNamespaces,
  includeNamespaces: listOfNamespaces,
  excludeNamespaces: listOfNamespaces,
  explain: workloadsIn,
  if: assumptionsIn,
};

async function namespacesIn(asked: Asked): Promise<string[]> {
  const objects = await listedSoFar(asked, resourcePath('namespaces'));
  return harmless(objects.map(({ metadata }) => metadata?.name)).sort();
}

/** The next name of a list that is separated by commas. */
async function listOfNamespaces(asked: Asked, { value }: Typed): Promise<string[]> {
  const before = value.slice(0, value.lastIndexOf(',') + 1);
  const named = new Set(before.split(','));
  return (await namespacesIn(asked)).filter((name) => !named.has(name)).map((name) => before + name);
}

/** The workloads of the namespace, with their kind as it is typed: `Deployment/` and `deployment/` are both read. */
async function workloadsIn(asked: Asked, { value, namespace = asked.namespace }: Typed): Promise<string[]> {
  const isLower = /^[a-z]/.test(value);
  const listed = await Promise.all(
    KINDS.filter(({ foundByPods }) => !foundByPods).map(async (kind) => {
      const objects = await listedSoFar(asked, resourcePath(kind, namespace));
      const word = isLower ? kind.kind.toLowerCase() : kind.kind;
      return harmless(objects.map(({ metadata }) => metadata?.name && `${word}/${metadata.name}`));
    }),
  );
  return listed.flat();
}

const LABEL = 'label namespace/';

/**
 * A label grows word by word, because there may be thousands of namespaces, each with several labels. No word ends in a blank: kubectl
 * takes it off.
 */
async function assumptionsIn(asked: Asked, { value }: Typed): Promise<string[]> {
  const isOfNamespace = value.startsWith(LABEL);
  const chosen = /^label namespace\/[^/ ]+ /.exec(value)?.[0];
  if (isOfNamespace && chosen === undefined)
    return (await namespacesIn(asked)).map((name) => `${LABEL}${name} istio.io/rev=`);
  const { tags, revisions } = await tagsAndRevisions(asked);
  if (chosen === undefined)
    return [
      ...tags.flatMap((tag) => revisions.map((revision) => `tag ${tag}=${revision}`)),
      ...revisions.map((revision) => `injector ${revision}=`),
      LABEL,
    ];
  const values = [...tags, ...revisions].map((one) => `istio.io/rev=${one}`);
  return [...values, 'istio.io/rev-', 'istio-injection=enabled', 'istio-injection-'].map((label) => chosen + label);
}

/** By the labels alone: whether the configurations are Istio's, the command itself checks. */
async function tagsAndRevisions(asked: Asked): Promise<{ tags: string[]; revisions: string[] }> {
  const objects = await listedSoFar(asked, resourcePath('mutatingwebhookconfigurations'));
  const labels = objects.map(({ metadata }) => metadata?.labels ?? {});
  const own = labels.filter((one) => one['istio.io/tag'] === undefined);
  const unique = (words: (string | undefined)[]): string[] => [...new Set(harmless(words))].sort();
  return {
    tags: unique(labels.map((one) => one['istio.io/tag'])),
    revisions: unique(own.map((one) => one['istio.io/rev'])),
  };
}
