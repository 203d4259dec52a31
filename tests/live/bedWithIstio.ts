import { Testbed } from '../testbed/testbed.ts';
import { clearBetweenTests } from './scene.ts';

/**
 * The testbed of a test file, with an istiod 1.30.2 of revision `default`: up before its tests, cleared after each, and down at the end.
 */
export let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
});

clearBetweenTests(() => bed);
afterAll(() => bed?.down());
