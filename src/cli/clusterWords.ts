import { resourcePath } from '../cluster/resources.ts';
import { KINDS } from '../kinds/kinds.ts';
import { type Asked, harmless, listedSoFar } from './askCluster.ts';
import type { SettingName } from './settings.ts';
import { ASSUMPTION_FORMS } from './whatIf/parseAssumptions.ts';

/** What is being completed: the value as far as it is typed, and the namespace that the line names. */
export interface Typed {
  readonly value: string;
  readonly namespace: string | undefined;
}

/** The values of a flag that the cluster knows, each in full. A word that ends in a blank, `/` or `=` goes on. */
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

/** An assumption grows word by word: there may be thousands of namespaces, each with several labels. */
async function assumptionsIn(asked: Asked, { value }: Typed): Promise<string[]> {
  const [kind = '', object] = value.split(' ');
  if (object === undefined) return Object.keys(ASSUMPTION_FORMS).map((one) => `${one} `);
  if (kind === 'label') {
    const chosen = /^label namespace\/[^/ ]+ /.exec(value)?.[0];
    if (chosen === undefined) return (await namespacesIn(asked)).map((name) => `label namespace/${name} `);
    const { tags, revisions } = await tagsAndRevisions(asked);
    const values = [...tags, ...revisions].map((one) => `istio.io/rev=${one}`);
    return [...values, 'istio.io/rev-', 'istio-injection=enabled', 'istio-injection-'].map((label) => chosen + label);
  }
  const { tags, revisions } = await tagsAndRevisions(asked);
  if (kind === 'tag') return tags.flatMap((tag) => revisions.map((revision) => `tag ${tag}=${revision}`));
  return kind === 'injector' ? revisions.map((revision) => `injector ${revision}=`) : [];
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
