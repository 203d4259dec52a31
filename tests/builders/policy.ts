import { policyOf } from '../../src/cli/policyOf.ts';
import { defaults } from '../../src/cli/settings.ts';
import type { Policy } from '../../src/plan/policy.ts';

/** The policy as it is by default, unless said otherwise. */
export const policy = (given: Partial<Policy> = {}): Policy => ({ ...policyOf(defaults(), new Set()), ...given });
