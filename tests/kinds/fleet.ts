import type { OwnerKind } from '../../src/kinds/ownerKind.ts';
import { replicaReport } from '../../src/kinds/replicaReport.ts';
import { byTemplateAnnotation } from '../../src/restart/byTemplateAnnotation.ts';

/** A made-up kind, `Fleet.example.meltemi.dev/v1`, whose controller owns its pods itself and rolls a changed template out. */
export const fleet: OwnerKind = {
  kind: 'Fleet',
  group: 'example.meltemi.dev',
  version: 'v1',
  resource: 'fleets',
  optional: true,
  read: (spec, status) => ({ rollout: replicaReport(spec, status), maxUnavailable: 1 }),
  addedLabels: { 'example.meltemi.dev/ship': '' },
  leftToDo: () => undefined,
  refuses: ({ strategy }) => (strategy === 'RollingUpdate' ? undefined : strategy),
  actuator: byTemplateAnnotation,
  refused: [{ what: 'strategy `Anchored`', why: 'its controller keeps every ship where it is' }],
  waitsFor: [{ what: 'a storm', why: 'ships stay in port' }],
};
