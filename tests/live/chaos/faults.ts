import type { Fault } from './fault.ts';
import { allKilled } from './faults/allKilled.ts';
import { answersLost } from './faults/answersLost.ts';
import { apiBusy } from './faults/apiBusy.ts';
import { apiServerKilled } from './faults/apiServerKilled.ts';
import { apiServerStopped } from './faults/apiServerStopped.ts';
import { apiSlow } from './faults/apiSlow.ts';
import { authorityRotated } from './faults/authorityRotated.ts';
import { clocksApart } from './faults/clocksApart.ts';
import { etcdStopped } from './faults/etcdStopped.ts';
import { halfOpen } from './faults/halfOpen.ts';
import { istiodKilled } from './faults/istiodKilled.ts';
import { istiodLies } from './faults/istiodLies.ts';
import { istiodStopped } from './faults/istiodStopped.ts';
import { leaderFrozen } from './faults/leaderFrozen.ts';
import { leaderKilled } from './faults/leaderKilled.ts';
import { leaderStopped } from './faults/leaderStopped.ts';
import { namespaceRemade } from './faults/namespaceRemade.ts';
import { nodesLost } from './faults/nodesLost.ts';
import { policyClosed } from './faults/policyClosed.ts';
import { policyRewritten } from './faults/policyRewritten.ts';
import { watchesCut } from './faults/watchesCut.ts';
import { watchesExpired } from './faults/watchesExpired.ts';

/** Every kind of fault. A run takes each before it takes any again. */
export const FAULTS: readonly Fault[] = [
  apiServerStopped,
  apiServerKilled,
  etcdStopped,
  apiSlow,
  apiBusy,
  answersLost,
  halfOpen,
  watchesExpired,
  watchesCut,
  istiodKilled,
  istiodStopped,
  istiodLies,
  authorityRotated,
  leaderFrozen,
  leaderKilled,
  leaderStopped,
  allKilled,
  clocksApart,
  nodesLost,
  namespaceRemade,
  policyRewritten,
  policyClosed,
];
