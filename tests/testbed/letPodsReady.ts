import { type Api, ApiError } from './api.ts';
import { pathOf } from './paths.ts';
import { BEHAVIOUR } from './stages.ts';

/** Lets pods become Ready that an annotation keeps from it. */
export async function letPodsReady(api: Api, namespace: string, labelSelector: string): Promise<void> {
  const annotations = { [BEHAVIOUR.ready]: null };
  for (const { metadata } of await api.list(pathOf('Pod', namespace), { labelSelector })) {
    const patched = api.patch(pathOf('Pod', namespace, metadata.name), { metadata: { annotations } });
    // with the first of the new pods ready, the controller deletes an old one
    await patched.catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
    });
  }
}
