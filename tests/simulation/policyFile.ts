import type { Policy } from '../../src/plan/policy.ts';

interface Version {
  readonly from: number;
  readonly policy: Policy;
}

/** The policies that a process has read, one after the other: it may know no other than these. */
export class PolicyFile {
  readonly #versions: Version[];

  constructor(policy: Policy, from: number) {
    this.#versions = [{ from, policy }];
  }

  /** The one that is in force. */
  get policy(): Policy {
    const [last] = this.#versions.slice(-1);
    if (!last) throw new Error('there is always a policy');
    return last.policy;
  }

  read(policy: Policy, from: number): void {
    this.#versions.push({ from, policy });
  }

  /** Those that were in force at any moment since then, the newest last. */
  since(time: number): readonly Policy[] {
    const after = this.#versions.findIndex(({ from }) => from > time);
    const first = after < 0 ? this.#versions.length - 1 : Math.max(0, after - 1);
    return this.#versions.slice(first).map(({ policy }) => policy);
  }
}
