import { imageVersion } from '../compare/imageVersion.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import { type Assessed, isOutdated } from './assessed.ts';
import { isAllDown, meansOutage } from './budget.ts';
import type { WaveOf } from './waveOf.ts';

/**
 * The order in which a plan goes through the workloads: by wave; in a wave, what means an outage after the rest, and what is down
 * altogether after that; then the oldest proxy first, by the versions of the images, because the further a proxy is behind its control
 * plane, the less that combination is supported; then by namespace, kind and name. Meltemi itself is last of all.
 */
export function inPlanOrder(
  assessed: readonly Assessed[],
  waveOf: WaveOf,
  own: WorkloadKey | undefined,
): readonly Assessed[] {
  const ages = new Map<string, string>();
  return assessed
    .map((one) => ({ one, key: orderKey(one, waveOf, own, ages) }))
    .sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key))
    .map(({ one }) => one);
}

/** A text by which workloads sort in the order of a plan. @param ages what is known of the versions of images */
export function orderKey(
  assessed: Assessed,
  waveOf: WaveOf,
  own: WorkloadKey | undefined,
  ages: Map<string, string> = new Map(),
): string {
  const { workload } = assessed;
  const isLast = keyOf(workload) === own;
  const down = isOutdated(assessed) && isAllDown(assessed);
  const turn = down ? 2 : meansOutage(workload) ? 1 : 0;
  const wave = padded(waveOf.indexOf(workload));
  return `${Number(isLast)}/${wave}/${turn}/${age(assessed, ages)}/${workload.namespace}/${workload.kind}/${workload.name}`;
}

/** The oldest version among the outdated pods, so that it sorts as a text; what is not known comes after all that is. */
function age({ verdict, source }: Assessed, ages: Map<string, string>): string {
  if (verdict.state !== 'outdated') return UNKNOWN;
  // versions of different sidecars cannot be compared
  const of = source?.name ?? '';
  const images = [verdict.actual.image, ...verdict.outdatedGroups.map(({ sidecar }) => sidecar.image)];
  const known = images.map((image) => {
    const word = ages.get(image) ?? versionWord(image);
    ages.set(image, word);
    return word;
  });
  return `${of}/${known.sort()[0] ?? UNKNOWN}`;
}

const UNKNOWN = '~';

function versionWord(image: string): string {
  const version = image === '' ? undefined : imageVersion(image);
  return version ? [version.major, version.minor, version.patch].map(padded).join('.') : UNKNOWN;
}

const padded = (number: number): string => String(number).padStart(16, '0');
