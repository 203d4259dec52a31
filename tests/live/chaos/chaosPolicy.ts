import { renameSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { PolicyMark } from './history.ts';

const SECOND = 1000;

/** What the policy of the operators says. */
export type Asked = Omit<PolicyMark, 'time'>;

/** The waves are named as the namespaces begin. What begins with `rest` is in none of them. */
export const USUAL: Asked = {
  maxInFlight: 4,
  maxInFlightPerNamespace: 1,
  maxRestartsPerMinute: 40,
  waves: ['one', 'two'],
  bake: 2 * SECOND,
};

/** The policy file that all operators read, with a book of what it asked for when. */
export class ChaosPolicy {
  readonly path: string;
  readonly marks: PolicyMark[] = [];

  constructor(path: string) {
    this.path = path;
    this.write(USUAL);
  }

  write(asked: Asked): void {
    const { waves, bake, closed, ...limits } = asked;
    const freeze = { name: 'chaos', from: '2020-01-01T00:00', to: '2100-01-01T00:00', timeZone: 'Etc/UTC' };
    const text = stringify({
      ...limits,
      restartTimeout: '30s',
      // the same workload is restarted for one target after the other, and not all of them end well
      maxRestartsPerDay: 100,
      ...(closed === 'paused' && { paused: 'by chaos' }),
      ...(closed === 'frozen' && { freezes: [freeze] }),
      ...(waves.length > 0 && {
        waves: waves.map((name) => ({ name, match: [{ namespaces: [`${name}-*`] }], bake: `${bake / SECOND}s` })),
      }),
    });
    // a reader finds the old file or the new one
    writeFileSync(`${this.path}.new`, text);
    this.marks.push({ ...asked, time: Date.now() });
    renameSync(`${this.path}.new`, this.path);
  }
}
