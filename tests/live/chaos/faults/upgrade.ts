import type { Fault } from '../fault.ts';
import { UPGRADE } from '../schedule.ts';

/** No fault: the mesh gets its next version, so that there is always something to restart. The schedule adds it by itself. */
export const upgrade: Fault = {
  ...UPGRADE,
  begin: async (arena) => {
    await arena.upgrade();
    return () => undefined;
  },
};
