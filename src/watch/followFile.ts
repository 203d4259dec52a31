import { readTextFile, type TextFile } from './textFile.ts';

export interface FollowOptions {
  readonly path: string;
  /** Bytes. */
  readonly limit: number;
  /** What is known of the file already. */
  readonly from: TextFile;
  /** Waits between two looks. */
  readonly pause: () => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly onChange: (file: TextFile) => void;
}

/**
 * Tells what a file holds each time that this has changed, until the signal aborts. The file is read again and again, because nothing else
 * notices every edit: a mounted ConfigMap is a link to a link that the kubelet swaps, network and overlay file systems send no
 * notifications, and neither size nor time need change with the content. A policy is small, so reading it costs nothing.
 * A change counts once two looks in a row see the same: an editor that writes in place leaves half a file for a moment, and half a policy
 * may well be one, only without its exclusions.
 */
export async function followFile({ path, limit, from, pause, signal, onChange }: FollowOptions): Promise<void> {
  let [told, seen] = [from, from];
  while (!signal.aborted) {
    await pause();
    const now = await readTextFile(path, limit);
    const settled = same(now, seen);
    seen = now;
    if (signal.aborted || !settled || same(now, told)) continue;
    told = now;
    onChange(now);
  }
}

const same = (a: TextFile, b: TextFile): boolean => JSON.stringify(a) === JSON.stringify(b);
