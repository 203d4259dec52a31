import type { Fault } from '../fault.ts';

/** istiod gets another authority: its certificate and the webhooks' caBundle change, not at the same moment. */
export const authorityRotated: Fault = {
  name: 'authority-rotated',
  holds: ['istiod', 'api'],
  lasts: [0, 2],
  begin: async (arena) => {
    await arena.bed.istio.rotateAuthority('default');
    return () => arena.injector.certify(arena.bed);
  },
};
