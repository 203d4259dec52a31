import { coerce, type SemVer } from 'semver';
import { parseImage } from './imageReference.ts';

/** The version in an image's tag, without variant and vendor suffix; undefined if there is none. */
export function imageVersion(image: string): SemVer | undefined {
  const { tag } = parseImage(image);
  return /^v?\d+\.\d+/.test(tag) ? (coerce(tag) ?? undefined) : undefined;
}
