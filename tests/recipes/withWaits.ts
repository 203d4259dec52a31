import { addToList } from './addToList.ts';

/** The lists to which a rule, a gate and a limit are added. */
export const LISTS = {
  rule: '/src/plan/rules/rules.ts',
  gate: '/src/plan/gates/gates.ts',
  limit: '/src/plan/limits/limits.ts',
} as const;

const fileOf = (name: string): URL => new URL(`${name}.ts`, import.meta.url);

addToList({ list: LISTS.rule, beginning: 'export const RULES = [', name: 'becalmed', file: fileOf('becalmed') });
addToList({ list: LISTS.gate, beginning: 'export const GATES = [', name: 'lowTide', file: fileOf('lowTide') });
addToList({
  list: LISTS.limit,
  beginning: 'export const LIMITS = [',
  name: 'narrowChannel',
  file: fileOf('narrowChannel'),
});
