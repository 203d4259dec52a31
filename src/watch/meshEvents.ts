import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../cluster/store.ts';
import { digest, keepHashes } from '../expect/epoch.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { RawConfiguration, WebhookEntry } from '../expect/webhookEntry.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import type { MeshChange } from './changes.ts';
import type { ConfigMap, MeshAssembly, Named, ProxyConfig, RawService } from './meshAssembly.ts';

/** What an event affects, and what of the mesh is no longer as it was. */
export interface Touch extends Partial<MeshChange> {
  /** Another entry, or another control plane behind one, even if only its CA bundle or its status differs. */
  readonly entries?: boolean;
  /** What is watched may have to be something else. */
  readonly places?: boolean;
}

/** For what happens seldom, such as a first list. */
export const EVERY_PART: Touch = { entries: true, places: true };

/** Says what the changes of watched objects affect. Undefined is nothing at all. */
export class MeshEvents {
  readonly #assembly: MeshAssembly;
  readonly #sources: () => readonly SidecarSource[];

  constructor(assembly: MeshAssembly, sources: () => readonly SidecarSource[]) {
    this.#assembly = assembly;
    this.#sources = sources;
  }

  namespace(change: Change<Named>): Touch {
    return { namespaces: differs(change, ({ metadata }) => metadata?.labels ?? {}) ? [change.key] : [] };
  }

  /** Every istiod keeps rewriting the CA bundles. Then only the bundle is another, and no hash is made. */
  configuration(change: Change<RawConfiguration & Named>): Touch {
    const isOther = differs(change, (raw) => this.#assembly.entriesOf(raw).map(withoutCaBundle));
    const { before, after } = change;
    if (before && after && !isOther) keepHashes(this.#assembly.entriesOf(before), this.#assembly.entriesOf(after));
    return { epochs: isOther, entries: true, places: isOther };
  }

  service(change: Change<RawService>): Touch {
    const isOther = differs(change, ({ spec }) => [spec?.type, spec?.selector]);
    return { epochs: isOther, entries: isOther, places: isOther };
  }

  configMap(change: Change<ConfigMap>): Touch {
    return { epochs: differs(change, ({ data }) => data && digest(data)) };
  }

  proxyConfig(change: Change<ProxyConfig>): Touch | undefined {
    // computed per object as it arrives: computing all of them when the mesh is built would take long
    if (change.after?.spec) digest(change.after.spec);
    if (!differs(change, ({ spec }) => spec && digest(spec))) return undefined;
    const namespace = (change.after ?? change.before)?.metadata?.namespace ?? '';
    return { namespaces: [namespace], epochs: this.#assembly.isRoot(namespace) };
  }

  deployment(namespace: string, change: Change<RawWorkload>): Touch | undefined {
    const both = [change.before, change.after].filter((raw) => raw !== undefined);
    if (both.some((raw) => this.#assembly.mayBeIstiod(namespace, raw))) return this.#istiod(change);
    return both.some((raw) => this.#isNeeded(namespace, raw)) ? {} : undefined;
  }

  #istiod(change: Change<RawWorkload>): Touch {
    const { before, after } = change;
    const isSameSpec = before && after && before.metadata?.generation === after.metadata?.generation;
    const epochs = differs(change, (raw) => {
      const istiod = this.#assembly.istiodOf(raw);
      return [istiod.revision, istiod.isLabelled, isSameSpec ? '' : istiod.templateHash];
    });
    // all that `homeOf` looks at
    const places = differs(change, (raw) => {
      const { revision, isLabelled, podLabels, rollout } = this.#assembly.istiodOf(raw);
      return [revision, isLabelled, podLabels, rollout.desired, rollout.existing];
    });
    return { epochs, entries: true, places };
  }

  #isNeeded(namespace: string, { metadata }: RawWorkload): boolean {
    return this.#sources().some(({ readyFirst = [] }) =>
      readyFirst.some((ref) => ref.namespace === namespace && ref.name === metadata?.name),
    );
  }
}

/** istiod keeps rewriting it. */
const withoutCaBundle = ({ caBundle: _caBundle, ...stable }: WebhookEntry) => stable;

/** Whether the relevant part of an object has changed. */
function differs<T>({ before, after }: Change<T>, counts: (object: T) => unknown): boolean {
  return !before || !after || !isDeepStrictEqual(counts(before), counts(after));
}
