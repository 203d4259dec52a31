import type { SidecarSource, SourceKind } from './sidecarSource.ts';
import { byImage } from './sources/byImage.ts';
import { byWebhook } from './sources/byWebhook.ts';
import { ISTIO } from './sources/istio.ts';

/** The kinds of source that an entry of the policy's `sidecars` may have, besides Istio, which needs no entry. */
export const SOURCE_KINDS: readonly SourceKind[] = [byWebhook, byImage];

/** The sources of a policy without `sidecars`. */
export const ONLY_ISTIO: readonly SidecarSource[] = [ISTIO];
