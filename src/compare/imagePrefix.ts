import {
  DOCKER_HUB,
  type ImageReference,
  isHost,
  isPath,
  namesHost,
  normalHost,
  parseImage,
  shortName,
} from './imageReference.ts';

/** Longer than any registry and path in use. */
const LONGEST_PREFIX = 255;

/**
 * Checks a registry with an optional path, such as `docker.io` or `harbor.corp/dockerhub`.
 * @returns what would be right, as a sentence; undefined if nothing is wrong
 */
export function prefixProblem(text: string): string | undefined {
  if (text.length > LONGEST_PREFIX) return `It must have at most ${LONGEST_PREFIX} characters.`;
  const scheme = text.indexOf('://');
  if (scheme >= 0) return `It must have no scheme: ${text.slice(scheme + 3)}.`;
  const at = text.indexOf('@');
  if (at >= 0) return `It must have no digest: ${text.slice(0, at)}.`;
  const tag = text.lastIndexOf(':');
  if (text.includes('/') && tag > text.lastIndexOf('/')) return `It must have no tag: ${text.slice(0, tag)}.`;
  if (text.endsWith('/') && text.length > 1) return `It must not end with a slash: ${text.replace(/\/+$/, '')}.`;
  const [host, path] = hostAndPath(text);
  if (host === '' && isPath(path))
    return `It must begin with a registry, which has a dot or a port, such as ${DOCKER_HUB}/${path}.`;
  const right = isHost(normalHost(host)) && (path === '' || isPath(path));
  return right ? undefined : 'It must be a registry with an optional path, such as docker.io or harbor.corp/dockerhub.';
}

/** A registry with an optional path in the form that is compared: the host in lower case, and one name for Docker Hub. */
export function normalPrefix(text: string): string {
  const [host, path] = hostAndPath(text);
  return path === '' ? normalHost(host) : `${normalHost(host)}/${path}`;
}

/** Unlike in an image reference, a missing registry does not mean Docker Hub. */
function hostAndPath(text: string): [host: string, path: string] {
  const slash = text.indexOf('/');
  const first = slash < 0 ? text : text.slice(0, slash);
  return namesHost(first) ? [first, slash < 0 ? '' : text.slice(slash + 1)] : ['', text];
}

/** Whether a name equals another name or is below it. */
export const isAtOrBelow = (name: string, prefix: string): boolean => name === prefix || name.startsWith(`${prefix}/`);

/** Replaces a prefix of a name. Undefined if the name is not below that prefix, by whole path segments. */
export const replacedPrefix = (name: string, from: string, to: string): string | undefined =>
  name.startsWith(`${from}/`) ? `${to}${name.slice(from.length)}` : undefined;

/** Registry and repository. Docker Hub's official images also appear without `library/`, because mirrors keep them either way. */
export function namesOf(image: ImageReference): readonly [full: string, ...short: string[]] {
  const full = `${image.registry}/${image.repository}`;
  const short = shortName(image);
  return short === image.repository ? [full] : [full, `${image.registry}/${short}`];
}

/** An image with another registry and repository, and with this image's tag and digest. */
export function renamed({ tag, digest }: ImageReference, name: string): ImageReference {
  const { registry, repository } = parseImage(name);
  return { registry, repository, tag, digest };
}
