import type { Gate } from './gate.ts';

/** Flippy's preconditions: what an injected container needs must be there before pods with it are created. */
export const readyFirst: Gate<'ready-first'> = {
  code: 'ready-first',
  help: 'A Deployment that `readyFirst` of an entry of `sidecars` names is not completely rolled out.',
  ends: 'The rollout of that Deployment is complete. Or put the gate into `--ignore-gate`.',
  lookAgain: 'on-change',
  withoutIstiod: 'open',
  check({ injection: { notReady = [] } }) {
    const [first] = notReady;
    return first && `Deployment ${first.namespace}/${first.name} ${first.problem}`;
  },
};
