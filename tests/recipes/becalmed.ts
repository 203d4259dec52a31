import type { Rule } from '../../src/plan/rule.ts';

/** A made-up rule: a workload whose annotation says that there is no wind waits. */
export const becalmed: Rule<'becalmed'> = {
  code: 'becalmed',
  help: 'There is no wind (a made-up rule).',
  ends: 'The wind rises.',
  lookAgain: 45_000,
  check({ workload }) {
    const wind = workload.annotations['example.meltemi.dev/wind'];
    return wind === 'none' ? { detail: 'the wind is none' } : undefined;
  },
};
