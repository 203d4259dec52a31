import type { ExpectedSidecar } from '../expect/answer.ts';
import { namesOf, normalPrefix, prefixProblem, renamed, replacedPrefix } from './imagePrefix.ts';
import { type ImageReference, type ImageRules, isWellFormed, parseImage, sameReference } from './imageReference.ts';
import type { PodGroup } from './podGroups.ts';

/**
 * How a cluster rewrites the image in an injector's answer, learned from a restart. A rule is a plain JSON value: `JSON.stringify` writes
 * it, `parseRule` reads it, and no text in it is longer than 512 characters.
 */
export type RewriteRule =
  /** Images below `from` are pulled from below `to`; with `digest` they may also be pinned. Both are as `normalPrefix` has them. */
  | { readonly kind: 'registry'; readonly from: string; readonly to: string; readonly digest: boolean }
  /** Images of this registry are pinned: they keep their tag and get a digest. */
  | { readonly kind: 'digest'; readonly registry: string }
  /** This answer becomes this image. Nothing follows for other answers. */
  | { readonly kind: 'exact'; readonly answer: string; readonly image: string };

const LONGEST_IMAGE = 512;
const STRICT: ImageRules = { compareHub: true, ignoreDigest: false };

/**
 * The rule by which the cluster rewrote an answer. Another registry, another path prefix, and an added digest apply to other images too.
 * Anything else, such as another tag or another last segment, may mean anything and applies to this answer only.
 * @returns undefined if both are the same image, one of them is no image reference, or they are too long to be kept
 */
export function differenceOf(answer: string, actual: string): RewriteRule | undefined {
  const a = parseImage(answer);
  const b = parseImage(actual);
  if (!isWellFormed(a) || !isWellFormed(b) || sameReference(a, b, STRICT)) return undefined;
  const version = versionDifference(a, b);
  if (version === 'other') return exact(a, b);
  const [from, to] = differentPrefixes(a, b);
  const nothingCommon = from === namesOf(a)[0] && from !== to;
  if (nothingCommon || !isPrefix(from) || !isPrefix(to)) return exact(a, b);
  return from === to
    ? { kind: 'digest', registry: a.registry }
    : { kind: 'registry', from, to, digest: version === 'pinned' };
}

function exact(a: ImageReference, b: ImageReference): RewriteRule | undefined {
  const [answer, image] = [canonical(a), canonical(b)];
  return Math.max(answer.length, image.length) > LONGEST_IMAGE ? undefined : { kind: 'exact', answer, image };
}

/** A tag next to a digest has no meaning, so pods that differ only in it are alike. */
const canonical = (image: ImageReference): string =>
  `${namesOf(image)[0]}${image.digest ? `@${image.digest}` : `:${image.tag}`}`;

/**
 * Whether an image's version is an answer's own, that one with a digest added, or another. Without its tag, a digest may be any version's.
 */
function versionDifference(a: ImageReference, b: ImageReference): 'same' | 'pinned' | 'other' {
  if (a.digest === b.digest && (a.digest !== '' || a.tag === b.tag)) return 'same';
  return isPinned(a, b) ? 'pinned' : 'other';
}

const isPinned = (a: ImageReference, b: ImageReference): boolean =>
  a.digest === '' && b.digest !== '' && a.tag === b.tag;

/** The prefixes before the path segments that both names end in. A registry never counts as such a segment. */
function differentPrefixes(a: ImageReference, b: ImageReference): [from: string, to: string] {
  const [left, right] = [a.repository.split('/'), b.repository.split('/')];
  let common = 0;
  while (common < Math.min(left.length, right.length) && left.at(-1 - common) === right.at(-1 - common)) common += 1;
  const front = (registry: string, path: readonly string[]): string =>
    [registry, ...path.slice(0, path.length - common)].join('/');
  return [front(a.registry, left), front(b.registry, right)];
}

/**
 * Whether a rule explains that an answer's image has become this one.
 * @param rules further rules that may apply
 */
export const explains = (
  rule: RewriteRule,
  answer: ImageReference,
  actual: ImageReference,
  rules: ImageRules,
): boolean => isWellFormed(answer) && madeOf(rule, answer, actual).some((made) => sameReference(made, actual, rules));

/** Applies a rule to an answer. If the rule allows a digest, it takes the image's. */
function madeOf(rule: RewriteRule, answer: ImageReference, actual: ImageReference): ImageReference[] {
  const pinned = isPinned(answer, actual) ? [{ digest: actual.digest }] : [];
  if (rule.kind === 'digest')
    return rule.registry === answer.registry ? pinned.map((digest) => ({ ...answer, ...digest })) : [];
  if (rule.kind === 'exact')
    return sameReference(parseImage(rule.answer), answer, STRICT) ? [parseImage(rule.image)] : [];
  return namesOf(answer).flatMap((name) => {
    const other = replacedPrefix(name, rule.from, rule.to);
    if (other === undefined) return [];
    const moved = renamed(answer, other);
    return [moved, ...(rule.digest ? pinned : []).map((digest) => ({ ...moved, ...digest }))];
  });
}

/**
 * What a restart has shown about a cluster. The caller guarantees that the injector gave this answer before the restart and again at its
 * end, and that the pods were created in between and are ready.
 * @param groups all live pods of the workload that was restarted
 * @returns undefined unless all of them have the sidecar that they should, but for its image, which differs in the same way in each; and
 * undefined if the injector itself may have given that image
 */
export function learn(answer: ExpectedSidecar, groups: readonly PodGroup[]): RewriteRule | undefined {
  const pods = groups.filter(({ count }) => count > 0);
  if (!pods.every(({ sidecar }) => isFrom(answer, sidecar))) return undefined;
  if (pods.some(({ sidecar }) => mayBeAnotherAnswer(answer.image, sidecar.image))) return undefined;
  const [first, ...others] = pods.map(({ sidecar }) => differenceOf(answer.image, sidecar.image));
  const words = JSON.stringify(first);
  return others.every((other) => JSON.stringify(other) === words) ? first : undefined;
}

/** Types of images that istiod itself adds to a tag (istio pkg/kube/inject/inject.go, KnownImageTypes). */
const IMAGE_TYPES: readonly string[] = ['distroless', 'debug'];

/**
 * Whether an image may be the injector's own, of another version or type. A replica of istiod that has not read its configuration, or a
 * ProxyConfig, yet gives such an image, and nothing in the cluster shows that. A digest that the answer does not have, and any other suffix
 * of its tag, are not from an injector.
 */
export function mayBeAnotherAnswer(answer: string, image: string): boolean {
  const [a, b] = [parseImage(answer), parseImage(image)];
  if (b.digest !== '') return a.digest !== '' && a.digest !== b.digest;
  if (IMAGE_TYPES.some((type) => b.tag === `${a.tag}-${type}`)) return true;
  return a.tag !== b.tag && !b.tag.startsWith(`${a.tag}-`);
}

/** Whether this injector made a pod. A pod without a revision proves nothing if the answer has one. */
const isFrom = (answer: ExpectedSidecar, { injected, placement, revision }: PodGroup['sidecar']): boolean =>
  injected && placement !== 'none' && (answer.revision === '' || revision === answer.revision);

/** Reads a rule from the journal; undefined for any other value. Unknown fields are left out. */
export function parseRule(value: unknown): RewriteRule | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, from, to, digest, registry, answer, image } = value as Readonly<Record<string, unknown>>;
  if (kind === 'registry' && isPrefix(from) && isPrefix(to) && from !== to && typeof digest === 'boolean')
    return { kind, from, to, digest };
  if (kind === 'digest' && isPrefix(registry) && !registry.includes('/')) return { kind, registry };
  return kind === 'exact' && isImage(answer) && isImage(image) ? { kind, answer, image } : undefined;
}

const isPrefix = (value: unknown): value is string =>
  typeof value === 'string' && prefixProblem(value) === undefined && normalPrefix(value) === value;

const isImage = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST_IMAGE && isWellFormed(parseImage(value));
