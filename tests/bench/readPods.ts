import { interner } from '../../src/pods/interner.ts';
import { podListFromProtobuf } from '../../src/pods/podProtobuf.ts';
import { SidecarConfigs } from '../../src/pods/sidecarConfig.ts';
import { encode, enveloped, type Fields } from '../unit/cluster/protobufEncoder.ts';
import { injectedPod } from './injectedPod.ts';

/**
 * What it costs to read how sidecars are configured, without a cluster: pages of pods as the API server serves them, with the proxy that
 * Istio injects. Prints milliseconds of processor time of a scan without and with it, the first and the following ones.
 */
const [DEPLOYMENTS, REPLICAS, PAGE, ROUNDS] = [500, 20, 500, 15];

// the API server lists in the order of names
const pod = (index: number): Fields => injectedPod(`web-${Math.floor(index / REPLICAS)}`, index);

const pages = Array.from({ length: (DEPLOYMENTS * REPLICAS) / PAGE }, (_, page) =>
  enveloped(
    'PodList',
    encode({ 1: { 2: '1', 3: '' }, 2: Array.from({ length: PAGE }, (_, at) => pod(page * PAGE + at)) }),
  ),
);

function scan(configs: SidecarConfigs | undefined): number {
  const intern = interner();
  const began = process.cpuUsage();
  for (const page of pages) podListFromProtobuf(page, intern, { config: configs !== undefined }, configs);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
const kept = new SidecarConfigs();
for (let round = 0; round < 3; round++) [scan(undefined), scan(new SidecarConfigs())];
const [without, first, following]: [number[], number[], number[]] = [[], [], []];
scan(kept);
for (let round = 0; round < ROUNDS; round++) {
  without.push(scan(undefined));
  first.push(scan(new SidecarConfigs()));
  following.push(scan(kept));
}
const bytes = pages.reduce((sum, page) => sum + page.length, 0);
const words = [without, first, following].map((times) => `${median(times).toFixed(0)} ms`);
console.log(`${DEPLOYMENTS * REPLICAS} pods of ${DEPLOYMENTS} Deployments, ${(bytes / 1e6).toFixed(0)} MB of protobuf`);
console.log(`without configurations ${words[0]}, with them first ${words[1]}, then ${words[2]}`);
