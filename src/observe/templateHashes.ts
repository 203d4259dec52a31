import { contentHash } from '../expect/epoch.ts';
import type { Workload } from '../model.ts';

type Identified = Pick<Workload, 'uid' | 'resourceVersion' | 'namespace' | 'template' | 'templateVersion'>;

/** Hashes of pod templates, computed once per version of a workload. A scan of an unchanged cluster computes none. */
export class TemplateHashes {
  readonly #known = new Map<string, { readonly version: string; readonly namespace: string; readonly hash: string }>();

  of({ uid, resourceVersion, namespace, template, templateVersion }: Identified): string {
    const version = templateVersion ?? resourceVersion;
    const known = this.#known.get(uid);
    if (known && known.version === version) return known.hash;
    const hash = contentHash(template);
    // without a UID, workloads of one name cannot be told apart
    if (uid && version) this.#known.set(uid, { version, namespace, hash });
    return hash;
  }

  /**
   * Forgets the hashes of deleted workloads.
   * @param seen all workloads of the namespace, or of the whole cluster if it is undefined
   */
  keepOnly(seen: readonly Pick<Workload, 'uid'>[], namespace: string | undefined): void {
    const uids = new Set(seen.map(({ uid }) => uid));
    for (const [uid, known] of this.#known)
      if ((namespace === undefined || known.namespace === namespace) && !uids.has(uid)) this.#known.delete(uid);
  }

  get size(): number {
    return this.#known.size;
  }
}
