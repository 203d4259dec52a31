import { readHookUrl } from './hookUrl.ts';
import { postJson } from './post.ts';
import type { Post } from './receiverQueue.ts';

/** Posts to the URL that a receiver's file has now. */
export const postToFile: Post = async ({ urlFile }, body, signal) => {
  const url = await readHookUrl(urlFile);
  return url instanceof URL ? postJson(url, body, signal) : url;
};
