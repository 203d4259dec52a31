import { readTextFile, type TextFile } from './textFile.ts';

export interface FollowOptions {
  readonly path: string;
  /** Bytes. */
  readonly limit: number;
  /** The content that the caller already has. */
  readonly from: TextFile;
  /** Waits between two reads. */
  readonly pause: () => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly onChange: (file: TextFile) => void;
}

/**
 * Yields the content of a file each time it changes, until the signal aborts. The file is polled, because nothing else detects every edit:
 * the kubelet swaps symbolic links to update a mounted ConfigMap, network and overlay file systems send no notifications, and an edit may
 * change neither size nor time. A policy is small, so reading it is cheap.
 * A change counts once two consecutive reads agree. An editor that writes in place leaves a partial file for a moment, and a partial policy
 * may be valid, but without its exclusions.
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
