import { excerpt } from '../excerpt.ts';
import { remembered } from '../remembered.ts';

/** An image reference, resolved as the container runtime resolves it. */
export interface ImageReference {
  /**
   * Host with optional port, in the form of `normalHost`; `docker.io` if the text has none. Empty if the text is not an image reference.
   */
  readonly registry: string;
  /** Path in the registry; the whole text if it is not an image reference. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

export const DOCKER_HUB = 'docker.io';
/** Docker Hub's older name, which distribution/reference still treats as the same registry. */
const OLD_DOCKER_HUB = 'index.docker.io';
/** The path of Docker Hub's images without an account. */
const OFFICIAL = 'library/';

/** The maximum length of name, tag and digest, with room to spare. A longer text is not parsed, because a pod's author chooses it. */
const LONGEST_REFERENCE = 1024;
/** The maximum length of a path (distribution/reference, RepositoryNameTotalLengthMax). */
const LONGEST_PATH = 255;

/** The references that were split last. A mesh has a few, and an evaluation compares them for each workload. */
const split = new Map<string, ImageReference>();
const MOST_KEPT = 500;

/**
 * Splits an image reference and fills in its defaults, as containerd and the kubelet do (distribution/reference, normalize.go and
 * regexp.go). The part before the first slash is a registry only if it has a dot, a colon or an upper-case letter, or is `localhost`.
 * Docker Hub is the default registry, and `library/` the default path there. Without tag and digest, the tag is `latest`.
 * @param reference any text. If it is not an image reference, it is returned whole, with an empty registry
 */
export function parseImage(reference: string): ImageReference {
  if (reference.length > LONGEST_REFERENCE) return malformed(reference);
  return remembered(split, MOST_KEPT, reference, splitReference);
}

const malformed = (reference: string): ImageReference => ({ registry: '', repository: reference, tag: '', digest: '' });

function splitReference(reference: string): ImageReference {
  if (/^[a-f0-9]{64}$/.test(reference)) return malformed(reference);
  const [named, digest] = splitOnce(reference, '@');
  const [host, rest] = splitHost(named);
  const [path, tag] = splitOnce(rest, ':');
  const registry = normalHost(host);
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `${OFFICIAL}${path}` : path;
  const nameable = isHost(registry) && isPath(repository);
  if (!nameable || !isTag(tag) || !isDigest(digest)) return malformed(reference);
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : ''), digest: digest ?? '' };
}

/** Whether a container runtime could pull the image. A reference that cannot be parsed has no registry. */
export const isWellFormed = ({ registry }: ImageReference): boolean => registry !== '';

/** The second part is undefined without the separator, and empty if nothing follows it. */
function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Splits a name into registry and path. The default registry is Docker Hub. */
function splitHost(name: string): [host: string, path: string] {
  const [first, rest] = splitOnce(name, '/');
  return rest !== undefined && namesHost(first) ? [first, rest] : [DOCKER_HUB, name];
}

/** Whether the part of a name before its first slash is a registry, and not part of a path on Docker Hub. */
export const namesHost = (first: string): boolean => /[.:A-Z]/.test(first) || first === 'localhost';

/**
 * A registry's host in the form that is compared: DNS ignores case, and Docker Hub has two names. If only its upper-case letters make it a
 * host, the case is kept.
 */
export function normalHost(host: string): string {
  const lower = host.toLowerCase();
  if (!namesHost(lower)) return host;
  return lower === OLD_DOCKER_HUB ? DOCKER_HUB : lower;
}

/** Whether a text is a registry's host: a DNS name, or an IPv6 address in brackets, with an optional port. */
export function isHost(text: string): boolean {
  const port = /:\d{1,5}$/.exec(text);
  const host = port ? text.slice(0, port.index) : text;
  if (/^\[[a-f0-9:]+\]$/.test(host)) return true;
  return host
    .split('.')
    .every((label) => /^[a-zA-Z0-9-]+$/.test(label) && !label.startsWith('-') && !label.endsWith('-'));
}

/** Whether a text is a path in a registry. */
export const isPath = (text: string): boolean =>
  text.length <= LONGEST_PATH &&
  text.split('/').every((segment) => /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(segment));

const isTag = (text: string | undefined): boolean => text === undefined || /^\w[\w.-]{0,127}$/.test(text);

/** The length of a digest is not checked: digests are only compared for equality. */
const isDigest = (text: string | undefined): boolean =>
  text === undefined || /^[A-Za-z][\w+.-]*:[0-9A-Fa-f]+$/.test(text);

export interface ImageRules {
  /** Also compare the registry; off by default because mirrors rewrite it behind the injector. */
  readonly compareHub: boolean;
  /** Ignore digests, for clusters where a webhook pins them behind the injector. */
  readonly ignoreDigest: boolean;
}

/**
 * Whether two references mean the same image under the rules. Versions are only compared for equality, so a downgrade differs too. A text
 * that is not an image reference only equals itself.
 */
export function sameImage(expected: string, actual: string, rules: ImageRules): boolean {
  return expected === actual || sameReference(parseImage(expected), parseImage(actual), rules);
}

/** The same for parsed references. Two malformed references are not compared here. */
export const sameReference = (a: ImageReference, b: ImageReference, rules: ImageRules): boolean =>
  isWellFormed(a) && isWellFormed(b) && sameName(a, b, rules) && sameVersion(a, b, rules);

function sameName(a: ImageReference, b: ImageReference, { compareHub }: ImageRules): boolean {
  if (a.registry === b.registry) return a.repository === b.repository;
  return !compareHub && (a.repository === b.repository || shortName(a) === shortName(b));
}

/** A repository in its usual short form. Mirrors keep Docker Hub's official images with or without `library/`. */
export function shortName({ registry, repository }: ImageReference): string {
  const short = repository.startsWith(OFFICIAL) ? repository.slice(OFFICIAL.length) : '';
  return registry === DOCKER_HUB && short !== '' && !short.includes('/') ? short : repository;
}

/** The runtime pulls by digest if there is one, and then ignores the tag (distribution/reference, ParseDockerRef). */
function sameVersion(a: ImageReference, b: ImageReference, { ignoreDigest }: ImageRules): boolean {
  if (a.digest === b.digest) return a.digest !== '' || a.tag === b.tag;
  return ignoreDigest && a.tag === b.tag;
}

/** Enough for a name, a tag and a digest of 64 digits. A single pod's image must not fill a table. */
const LONGEST_WORD = 200;

/** The last path segment with its tag or digest, at most 200 characters: enough for a table. */
export function shortImage(reference: string): string {
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  return excerpt(last === '' ? reference : last, LONGEST_WORD);
}
