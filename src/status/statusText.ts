import { gunzipSync, gzipSync } from 'node:zlib';
import { messageOf } from '../messageOf.ts';
import { isStatusDocument, type StatusDocument } from './statusDocument.ts';

/**
 * All annotations of an object together may have 256 KiB (apimachinery api/validation TotalAnnotationSizeLimitB). The journal takes up to
 * 200 KiB, and users' annotations need room too.
 */
export const LARGEST = 32 * 1024;
/** A longer text is compressed. A shorter one stays plain, so that users can read it with kubectl. */
const READABLE = 4 * 1024;
const COMPRESSED = 'gzip:';
/** The maximum size of a decompressed document, and of what it is made from. */
const LARGEST_UNFOLDED = 4 * 1024 * 1024;

/** The document as the text of an annotation. Where it has no room for all workloads and namespaces, it has fewer. */
export function statusText(document: StatusDocument): string {
  const plain = JSON.stringify(document);
  const text = plain.length <= READABLE ? plain : COMPRESSED + gzipSync(plain, { level: 3 }).toString('base64');
  return text.length <= LARGEST ? text : statusText(smaller(document, LARGEST / text.length));
}

/** Leaves out what comes last in each list, so that about this share is left. The sums stay. */
function smaller(document: StatusDocument, share: number): StatusDocument {
  const kept = (list: readonly unknown[]): number => Math.floor(list.length * Math.min(share * 0.9, 0.9));
  const { workloads, namespaces, waits, runs, controlPlanes, proxies } = document;
  const left = kept(workloads);
  return {
    ...document,
    workloads: workloads.slice(0, left),
    leftOut: document.leftOut + workloads.length - left,
    namespaces: namespaces.slice(0, kept(namespaces)),
    // a few workloads are worth more than the last of many sums
    ...(left < 10 && {
      waits: waits.slice(0, kept(waits)),
      runs: runs.slice(0, kept(runs)),
      controlPlanes: controlPlanes.slice(0, kept(controlPlanes)),
      proxies: proxies.slice(0, kept(proxies)),
    }),
  };
}

/** Reads a document, or says why it cannot. Whoever may write the Lease may have written it. */
export function readStatus(text: string): StatusDocument | { readonly unreadable: string } {
  try {
    const raw: unknown = JSON.parse(text.startsWith(COMPRESSED) ? unfolded(text) : text);
    const { version } = (raw ?? {}) as { readonly version?: unknown };
    if (version !== 1) return { unreadable: `its version is ${JSON.stringify(version)?.slice(0, 20)}, not 1` };
    return isStatusDocument(raw) ? raw : { unreadable: 'a field is missing, or has another type' };
  } catch (error) {
    return { unreadable: messageOf(error).slice(0, 200) };
  }
}

const unfolded = (text: string): string =>
  gunzipSync(Buffer.from(text.slice(COMPRESSED.length), 'base64'), { maxOutputLength: LARGEST_UNFOLDED }).toString();
