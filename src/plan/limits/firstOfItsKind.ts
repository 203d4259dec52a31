import { fingerprint } from '../record.ts';
import type { Limit } from './limit.ts';

/** If it is not known what image new pods will have, the first restart for a sidecar must end before others begin. It shows the image. */
export const firstOfItsKind: Limit<'first-of-its-kind'> = {
  code: 'first-of-its-kind',
  help:
    'The cluster seems to rewrite the images that the injector names, or the image comes from the policy and not from an injector. ' +
    'The first restart for this sidecar must end before others begin: it shows what new pods get.',
  ends: 'The first restart ends.',
  lookAgain: 'on-change',
  check({ hinted, verdict, source }, counts) {
    if (!hinted || !counts.isFirstUnderWay(fingerprint(verdict.expected))) return undefined;
    const why = source?.fixed ? 'no injector was asked about this image' : 'the cluster seems to rewrite images';
    return { detail: `${why}; the first restart will show what new pods get` };
  },
};
