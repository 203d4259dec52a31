import type { Fault } from '../fault.ts';

const HOUR = 60 * 60 * 1000;

/** The clocks of the operators step: the leader's, or both in opposite directions, by an hour. */
export const clocksApart: Fault = {
  name: 'clocks-apart',
  holds: ['clocks'],
  lasts: [6, 20],
  begin: ({ leader, standby }, dice) => {
    const by = dice.pick([HOUR, -HOUR]);
    leader.clock.set(by);
    if (dice.once(2)) standby.clock.set(-by);
    return () => {
      for (const replica of [leader, standby]) replica.clock.set(0);
    };
  },
};
