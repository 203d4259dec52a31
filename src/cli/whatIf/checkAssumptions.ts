import { type Assumption, assumptionText } from '../../expect/assumption.ts';
import { isAsked, type Mesh } from '../../expect/mesh.ts';
import { injectionsOf } from '../../expect/redirectedInjector.ts';
import { configurationsOfRevision, configurationsOfTag, revisionsIn, tagsIn } from '../../expect/revisionTags.ts';
import type { RawConfiguration } from '../../expect/webhookEntry.ts';
import { closest } from '../closest.ts';

/** An assumption with what it replaces, for users. */
export interface Checked {
  /** As it was given. */
  readonly assumption: string;
  /** What is true in the cluster instead; absent for a label that is not set. */
  readonly now?: string;
}

/** The cluster as it is, as far as assumptions are about it. */
export interface ClusterNow {
  readonly configurations: readonly RawConfiguration[];
  readonly mesh: Mesh;
}

/** Names that a message lists. */
const LISTED = 20;

/**
 * Checks assumptions against the cluster, in their order.
 * @throws {Error} naming what does not exist, what is known instead, and the name that was probably meant
 */
export function checkAssumptions(assumptions: readonly Assumption[], now: ClusterNow): Checked[] {
  return assumptions.map((one) => {
    const before = beforeOf(one, now);
    return { assumption: assumptionText(one), ...(before !== undefined && { now: before }) };
  });
}

function beforeOf(one: Assumption, { configurations, mesh }: ClusterNow): string | undefined {
  switch (one.kind) {
    case 'tag':
      return tagBefore(one.tag, one.revision, configurations);
    case 'label': {
      const facts = mesh.namespaces.get(one.namespace);
      if (!facts) throw unknown('namespace', one.namespace, [...mesh.namespaces.keys()]);
      const value = facts.labels[one.key];
      return value === undefined ? undefined : `${one.key}=${value}`;
    }
    case 'injector': {
      const [first] = injectionsOf(mesh, one.revision);
      if (first) return addressOf(first.entry.address);
      throw unknown('injector of revision', one.revision, revisionsAsked(mesh));
    }
  }
}

function tagBefore(tag: string, revision: string, configurations: readonly RawConfiguration[]): string {
  const [tagged, ...more] = configurationsOfTag(configurations, tag);
  const tags = tagsIn(configurations);
  if (!tagged) throw unknown('tag', tag, [...tags.keys()]);
  const own = configurationsOfRevision(configurations, revision);
  if (own.length === 0) throw unknown('revision', revision, revisionsIn(configurations));
  const several = more.length > 0 ? [tagged, ...more] : own.length > 1 ? own : [];
  if (several.length > 0)
    throw new Error(
      `--if tag ${tag}=${revision}: ${more.length > 0 ? `tag ${tag}` : `revision ${revision}`} has several ` +
        `MutatingWebhookConfigurations, of which istioctl sets none: ${listed(several.map(nameOf))}`,
    );
  return `${tag}=${tags.get(tag)}`;
}

const nameOf = ({ metadata }: RawConfiguration): string => metadata?.name ?? '';

const addressOf = (address: { readonly url: string } | { readonly service: { namespace: string; name: string } }) =>
  'url' in address ? address.url : `Service ${address.service.namespace}/${address.service.name}`;

const revisionsAsked = ({ injections }: Mesh): string[] => [
  ...new Set(injections.filter(isAsked).flatMap(({ source, entry }) => (source ? [] : entry.revision))),
];

/** A name that the cluster does not have. */
function unknown(what: string, name: string, known: readonly string[]): Error {
  const meant = closest(name, known);
  const has = known.length === 0 ? 'The cluster has none' : `The cluster has ${listed(known)}`;
  return new Error(`--if: there is no ${what} ${name}. ${meant ? `Did you mean ${meant}? ` : ''}${has}`);
}

function listed(names: readonly string[]): string {
  const sorted = [...names].sort();
  const rest = sorted.length - LISTED;
  return rest > 0 ? `${sorted.slice(0, LISTED).join(', ')} and ${rest} more` : sorted.join(', ');
}
