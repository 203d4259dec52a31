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

/** Whether a reason is that of a gate. */
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
  const seen = withoutStranger(facts);
  for (const gate of GATES) {
    const finding = ignored.has(gate) ? undefined : FINDINGS[gate](seen);
    if (finding) return reason(gate, finding);
  }
  return undefined;
}

/**
 * Only labels tell which istiod stands behind a URL, and they stay when the URL is changed. An istiod of another revision than the answer
 * names did not give that answer: then none is visible.
 */
function withoutStranger(facts: GateFacts): GateFacts {
  const { istiod, ...injection } = facts.injection;
  const { revision } = facts.expected;
  const isStranger = 'url' in injection.entry.address && revision !== '' && istiod?.revision !== revision;
  return isStranger ? { ...facts, injection } : facts;
}

const nameOf = ({ namespace, name }: Istiod): string => `istiod ${namespace}/${name}`;

function incomplete(istiod: Istiod): string | undefined {
  const { desired, updated, ready } = istiod.rollout;
  const complete = desired > 0 && hasNewPodsOnly(istiod) && hasEnough(istiod);
  return complete ? undefined : `${nameOf(istiod)}: ${updated} updated and ${ready} ready of ${desired}`;
}

/**
 * Every replica is of the new template, so all that answer give the same answers. A pod that nobody can create, because of a quota for
 * example, is a state and no transition: it is not waited for.
 */
function hasNewPodsOnly({ rollout, generation }: Istiod): boolean {
  const { observedGeneration, existing, updated, desired, createFailure } = rollout;
  const isWhole = updated >= desired || (createFailure !== undefined && updated > 0);
  return observedGeneration >= generation && existing <= updated && isWhole;
}

/**
 * Whether it can carry a restart. The Deployment's condition Available says so; where it does not, one broken replica more than the
 * strategy allows is not waited for: the charts' 25% of two replicas allow none (kubernetes pkg/controller/deployment/util MaxUnavailable),
 * and a replica that is broken for good would hold everything for good.
 */
function hasEnough({ rollout, maxUnavailable, isAvailable }: Istiod): boolean {
  const { desired, available } = rollout;
  return available > 0 && (isAvailable || available >= desired - Math.max(1, maxUnavailable));
}

/** What a person should know of a gate that is open; undefined when there is nothing. */
export function gateWarning(gate: Gate, { istiod }: Injection): string | undefined {
  if (gate !== 'istiod-rolling' || !istiod || incomplete(istiod)) return undefined;
  const { desired, available, createFailure } = istiod.rollout;
  if (available >= desired) return undefined;
  const why = createFailure === undefined ? '' : `: ${createFailure}`;
  return `${desired - available} of ${desired} replicas of ${nameOf(istiod)} are not available${why}`;
}

function mixedCharts({ istiod, configChart }: Injection): string | undefined {
  if (!istiod || !configChart || !chartsDiffer(istiod.chart, configChart)) return undefined;
  const say = (labels: readonly (string | undefined)[]): string => labels.filter(Boolean).join(', ');
  return `${nameOf(istiod)} comes from ${say(istiod.chart)}, its injector ConfigMap from ${say(configChart)}`;
}

/** Versions say something about skew only where both images are numbered alike. */
function tooNew(istiod: Istiod, expected: ExpectedSidecar): string | undefined {
  if (!areOneRelease(istiod.image, expected.image)) return undefined;
  const proxy = versionOf(expected.image);
  const control = versionOf(istiod.image);
  if (!proxy || !control || !gt(proxy, control)) return undefined;
  return `the expected proxy is ${proxy}, ${nameOf(istiod)} runs ${control}`;
}

const PILOT = /(^|\/)pilot$/;
const PROXY = /(^|\/)proxyv2$/;

/**
 * Whether a proxy comes from the same release as an istiod: Istio publishes both in one hub, as `pilot` and `proxyv2` (istio
 * tools/docker.yaml). An image of any other name or place has numbers of its own.
 */
function areOneRelease(istiod: string, proxy: string): boolean {
  const [pilot, proxyv2] = [parseImage(istiod), parseImage(proxy)];
  return (
    pilot.registry === proxyv2.registry &&
    PILOT.test(pilot.repository) &&
    PROXY.test(proxyv2.repository) &&
    pilot.repository.replace(PILOT, '') === proxyv2.repository.replace(PROXY, '')
  );
}

/** Version in an image's tag without variant and vendor tail; undefined where there is none, and then nothing is concluded from it. */
export function versionOf(image: string): SemVer | undefined {
  const { tag } = parseImage(image);
  return /^v?\d+\.\d+/.test(tag) ? (coerce(tag) ?? undefined) : undefined;
}
