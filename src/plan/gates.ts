import { coerce, gt, type SemVer } from 'semver';
import { parseImage } from '../compare/imageReference.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import { chartsDiffer } from '../expect/chartLabels.ts';
import type { Injection, Istiod } from '../expect/mesh.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';

/** The gates G1 to G4 in order, by the reason that a closed one gives. */
export const GATES = [
  'istiod-rolling',
  'chart-mismatch',
  'unconfirmed-answer',
  'proxy-newer-than-istiod',
] as const satisfies ReasonCode[];
export type Gate = (typeof GATES)[number];

export const isGate = (code: string): code is Gate => (GATES as readonly string[]).includes(code);

/** What the gates look at: an injection, what it expects, and whether its answers were seen to be stable. */
export interface GateFacts {
  readonly injection: Injection;
  readonly expected: ExpectedSidecar;
  /** Why the injector's answer is not confirmed yet; undefined once it is. Asked for only where no istiod is visible. */
  readonly unconfirmed: string | undefined;
}

const FINDINGS: Readonly<Record<Gate, (facts: GateFacts) => string | undefined>> = {
  'istiod-rolling': ({ injection }) => injection.istiod && incomplete(injection.istiod),
  'chart-mismatch': ({ injection }) => mixedCharts(injection),
  'unconfirmed-answer': ({ injection, unconfirmed }) => (injection.istiod ? undefined : unconfirmed),
  'proxy-newer-than-istiod': ({ injection, expected }) => injection.istiod && tooNew(injection.istiod, expected),
};

/**
 * Whether the control plane is ready for restarts towards it. Undefined: every gate is open.
 * While istiod rolls, or an upgrade has written only half of its objects, its replicas answer differently; and a data plane newer than its
 * control plane is what Istio does not support (istio.io, Supported Releases). What cannot be seen closes no gate but G3.
 */
export function closedGate(facts: GateFacts, ignored: ReadonlySet<Gate>): Reason | undefined {
  for (const gate of GATES) {
    const finding = ignored.has(gate) ? undefined : FINDINGS[gate](facts);
    if (finding) return reason(gate, finding);
  }
  return undefined;
}

const nameOf = ({ namespace, name }: Istiod): string => `istiod ${namespace}/${name}`;

function incomplete(istiod: Istiod): string | undefined {
  const { rollout, generation } = istiod;
  const complete =
    rollout.observedGeneration >= generation &&
    rollout.desired > 0 &&
    [rollout.existing, rollout.updated, rollout.ready, rollout.available].every((count) => count === rollout.desired);
  const counts = `${rollout.updated} updated and ${rollout.ready} ready of ${rollout.desired}`;
  return complete ? undefined : `${nameOf(istiod)}: ${counts}`;
}

function mixedCharts({ istiod, configChart }: Injection): string | undefined {
  if (!istiod || !configChart || !chartsDiffer(istiod.chart, configChart)) return undefined;
  const say = (labels: readonly (string | undefined)[]): string => labels.filter(Boolean).join(', ');
  return `${nameOf(istiod)} comes from ${say(istiod.chart)}, its injector ConfigMap from ${say(configChart)}`;
}

function tooNew(istiod: Istiod, expected: ExpectedSidecar): string | undefined {
  const proxy = versionOf(expected.image);
  const control = versionOf(istiod.image);
  if (!proxy || !control || !gt(proxy, control)) return undefined;
  return `the expected proxy is ${proxy}, ${nameOf(istiod)} runs ${control}`;
}

/** Version in an image's tag without variant and vendor tail; undefined where there is none, and then nothing is concluded from it. */
export function versionOf(image: string): SemVer | undefined {
  const { tag } = parseImage(image);
  return /^v?\d+\.\d+/.test(tag) ? (coerce(tag) ?? undefined) : undefined;
}
