import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../messageOf.ts';

/** The content of a file, or the reason why it could not be read. */
export type TextFile = { readonly text: string } | { readonly problem: string };

/** Reads a file up to a maximum size. It never reads more, whatever the file is. */
export async function readTextFile(path: string, limit: number): Promise<TextFile> {
  let file: FileHandle | undefined;
  try {
    // opening a named pipe would block until another process opens it for writing
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) return { problem: stat.isDirectory() ? 'is a directory' : 'is not a regular file' };
    const buffer = Buffer.alloc(limit + 1);
    const { bytesRead } = await file.read(buffer, 0, limit + 1, 0);
    return bytesRead > limit
      ? { problem: `is larger than ${limit / 1024} KiB` }
      : { text: buffer.toString('utf8', 0, bytesRead) };
  } catch (error) {
    return { problem: wordsOf(error) };
  } finally {
    await file?.close();
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read: permission denied',
};

function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? `cannot be read: ${messageOf(error)}`;
}
