import { fingerprint } from '../record.ts';
import type { Limit } from './limit.ts';

/** If the cluster seems to rewrite images, the first restart for an answer must end before others begin. It shows the rewritten image. */
export const firstOfItsKind: Limit<'first-of-its-kind'> = {
  code: 'first-of-its-kind',
  help:
    'The cluster seems to rewrite the images that the injector names. ' +
    'The first restart for this sidecar must end before others begin: it shows how.',
  lookAgain: 'on-change',
  check({ hinted, verdict }, counts) {
    if (!hinted || !counts.isFirstUnderWay(fingerprint(verdict.expected))) return undefined;
    return { detail: 'the cluster seems to rewrite images; the first restart will show how' };
  },
};
