import type { OperatorParts } from '../../src/wireOperator.ts';

const silent = (): void => undefined;

/** Where nobody is told of runs, whatever the policy says. */
export const NOBODY_TOLD: OperatorParts['notify'] = {
  origin: { cluster: '', statusUrl: '' },
  post: async () => ({ problem: 'there is no network' }),
  listener: { news: silent, finished: silent, trouble: silent, sent: silent, delayed: silent, gaveUp: silent },
};
