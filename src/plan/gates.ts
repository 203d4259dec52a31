import { coerce, gt, type SemVer } from 'semver';
import { parseImage } from '../compare/imageReference.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Injection } from '../expect/mesh.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Whether the control plane is ready for restarts towards it. Undefined: open.
 * While istiod rolls, its replicas answer differently; and a data plane newer than its control plane is what Istio does not support
 * (istio.io, Supported Releases). Where no istiod Deployment is visible, neither gate applies.
 */
export function closedGate({ istiod }: Injection, expected: ExpectedSidecar): Reason | undefined {
  if (!istiod) return undefined;
  const { rollout } = istiod;
  const where = `istiod ${istiod.namespace}/${istiod.name}`;
  const complete =
    rollout.observedGeneration >= istiod.generation &&
    rollout.desired > 0 &&
    [rollout.existing, rollout.updated, rollout.ready, rollout.available].every((count) => count === rollout.desired);
  if (!complete)
    return reason(
      'istiod-rolling',
      `${where}: ${rollout.updated} updated and ${rollout.ready} ready of ${rollout.desired}`,
    );
  const proxy = versionOf(expected.image);
  const control = versionOf(istiod.image);
  if (proxy && control && gt(proxy, control)) {
    return reason('proxy-newer-than-istiod', `the expected proxy is ${proxy}, ${where} runs ${control}`);
  }
  return undefined;
}

/** Version in an image's tag without variant and vendor tail; undefined where there is none, and then nothing is concluded from it. */
export function versionOf(image: string): SemVer | undefined {
  const { tag } = parseImage(image);
  return /^v?\d+\.\d+/.test(tag) ? (coerce(tag) ?? undefined) : undefined;
}
