import { gt } from 'semver';
import { parseImage } from '../../compare/imageReference.ts';
import { imageVersion } from '../../compare/imageVersion.ts';
import { DOES_NOT_APPLY, type Gate, istiodName } from './gate.ts';

/** G4. Versions can be compared only if both images use the same numbering. */
export const proxyNewerThanIstiod: Gate<'proxy-newer-than-istiod'> = {
  code: 'proxy-newer-than-istiod',
  help: 'The expected proxy is newer than the running control plane (gate G4).',
  ends: 'istiod is upgraded to the version of the proxy, or newer. Or put the gate into `--ignore-gate`.',
  lookAgain: 'on-change',
  withoutIstiod: DOES_NOT_APPLY,
  check({ injection: { istiod }, expected }) {
    if (!istiod || !areOneRelease(istiod.image, expected.image)) return undefined;
    const proxy = imageVersion(expected.image);
    const control = imageVersion(istiod.image);
    if (!proxy || !control || !gt(proxy, control)) return undefined;
    return `the expected proxy is ${proxy}, ${istiodName(istiod)} runs ${control}`;
  },
};

const PILOT = /(^|\/)pilot$/;
const PROXY = /(^|\/)proxyv2$/;

/**
 * Whether a proxy comes from the same release as an istiod: Istio publishes both in one hub, as `pilot` and `proxyv2` (istio
 * tools/docker.yaml). Images of other names or registries may use their own version numbers.
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
