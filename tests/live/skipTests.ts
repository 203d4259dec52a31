import { addEventHandler } from 'jest-circus';
import { skipped } from './anyCluster.ts';

const names = new Set(skipped(process.env).map(({ test }) => test));

/** Skips the tests of a file that need more than a given cluster has. */
addEventHandler((event, { rootDescribeBlock }) => {
  if (event.name !== 'run_start') return;
  for (const one of rootDescribeBlock.children) if (one.type === 'test' && names.has(one.name)) one.mode = 'skip';
});
