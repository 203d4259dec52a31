/** An image reference split as distribution/reference does (reference.go, normalize.go). */
export interface ImageReference {
  /** Host with optional port; `docker.io` where none is written. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/**
 * Splits an image reference. The part before the first slash is a registry only if it contains a dot or a colon or is `localhost`;
 * `name:5000/x` is thus a port, `name:5000` a tag. Neither tag nor digest given means the tag `latest`.
 */
export function parseImage(reference: string): ImageReference {
  const [named = '', digest = ''] = splitOnce(reference, '@');
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const hosted = /[.:]/.test(first) || first === 'localhost';
  const registry = hosted ? first : 'docker.io';
  const path = hosted ? named.slice(slash + 1) : named;
  const colon = path.lastIndexOf(':');
  const tagged = colon > path.lastIndexOf('/');
  const repository = tagged ? path.slice(0, colon) : path;
  const tag = tagged ? path.slice(colon + 1) : '';
  return { registry, repository, tag: tag || (digest ? '' : 'latest'), digest };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

export interface ImageRules {
  /** Also compare the registry; off by default because mirrors rewrite it behind the injector. */
  readonly compareHub: boolean;
  /** Ignore digests, for clusters where a webhook pins them behind the injector. */
  readonly ignoreDigest: boolean;
}

/** Whether two references mean the same image under the rules; versions are compared by equality only, so a downgrade differs too. */
export function sameImage(expected: string, actual: string, rules: ImageRules): boolean {
  const a = parseImage(expected);
  const b = parseImage(actual);
  return (
    a.repository === b.repository &&
    a.tag === b.tag &&
    (rules.ignoreDigest || a.digest === b.digest) &&
    (!rules.compareHub || a.registry === b.registry)
  );
}

/** The last path segment with its tag or digest: enough for a table. */
export const shortImage = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);
