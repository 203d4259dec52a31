import { setTimeout as sleep } from 'node:timers/promises';
import { Scene } from '../live/scene.ts';
import { BED_PROGRAMS } from '../testbed/programs.ts';
import { Testbed } from '../testbed/testbed.ts';
import { Board, type NamespaceState } from './board.ts';
import { realMesh, stage } from './realMesh.ts';
import { ACTS, type Act, type Goal, MAX_IN_FLIGHT, START } from './story.ts';
import { buildWithStory } from './whileBuilding.ts';

/** Longest that one act may take before the demo is called failed. */
const ACT_LIMIT = 180_000;

const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
const bold = (text: string): string => (colour ? `\u001b[1m${text}\u001b[0m` : text);
const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

interface Restarted {
  readonly act: string;
  readonly seconds: number;
  readonly restarts: number;
}

async function main(): Promise<number> {
  const keep = Boolean(process.env.KEEP);
  say(bold('Meltemi on a real Kubernetes and a real Istio'));
  await buildWithStory(BED_PROGRAMS, process.stdout);
  const bed = await Testbed.up({ log: say });
  let scene: Scene | undefined;
  try {
    say('deploying some twenty workloads in five namespaces …');
    await stage(bed);
    scene = await Scene.start(bed, 'demo', '--max-in-flight', String(MAX_IN_FLIGHT));
    const goals: Record<string, Goal> = { ...START };
    const acts: Restarted[] = [];
    for (const act of ACTS) acts.push(await play(bed, scene, act, goals));
    return await summary(bed, scene, acts, goals);
  } finally {
    await scene?.stop();
    if (keep) await leave(bed);
    else await bed.down();
  }
}

async function play(bed: Testbed, scene: Scene, act: Act, goals: Record<string, Goal>): Promise<Restarted> {
  const began = Date.now();
  const before = (await scene.restarts()).length;
  say();
  await act.happens(realMesh(bed));
  Object.assign(goals, act.goals);
  const board = new Board(process.stdout, colour);
  for (;;) {
    const states = await look(bed, scene, goals);
    board.draw(bold(act.title), states);
    if (states.every(({ outdated, restarting }) => outdated + restarting === 0)) break;
    if (Date.now() - began > ACT_LIMIT) throw new Error(`${act.title}: not done within ${ACT_LIMIT / 1000} s`);
    await sleep(500);
  }
  await scene.settled();
  return { act: act.title, seconds: (Date.now() - began) / 1000, restarts: (await scene.restarts()).length - before };
}

/** The namespaces as the cluster shows them: a workload is current when every live pod has what the story asks for. */
async function look(bed: Testbed, scene: Scene, goals: Readonly<Record<string, Goal>>): Promise<NamespaceState[]> {
  const restarting = await scene.inFlight();
  const waiting = scene.waiting();
  return Promise.all(
    Object.entries(goals).map(async ([namespace, goal]) => {
      const workloads = new Map<string, boolean>();
      for (const pod of await bed.sidecars(namespace)) {
        const right = pod.ready && pod.revision === goal.revision && pod.image.endsWith(`:${goal.version}`);
        workloads.set(pod.owner, (workloads.get(pod.owner) ?? true) && right);
      }
      const busy = restarting.filter((key) => key.includes(`/${namespace}/`)).length;
      const wrong = [...workloads.values()].filter((right) => !right).length;
      return {
        namespace,
        restarting: Math.min(busy, wrong),
        outdated: Math.max(0, wrong - busy),
        current: workloads.size - wrong,
        waiting: wrong > 0 ? (waiting.get(namespace) ?? '') : '',
      };
    }),
  );
}

/** What the cluster says at the end: pods, and the API server's audit log. */
async function summary(
  bed: Testbed,
  scene: Scene,
  acts: readonly Restarted[],
  goals: Readonly<Record<string, Goal>>,
): Promise<number> {
  const states = await look(bed, scene, goals);
  const writes = await scene.restartCounts();
  const most = await scene.mostInFlight();
  const checks: [boolean, string][] = [
    [
      states.every(({ outdated }) => outdated === 0),
      `every workload has the sidecar it should have (${states.reduce((sum, { current }) => sum + current, 0)} workloads, from their pods)`,
    ],
    [Object.keys(writes).every((key) => !key.includes('/search/')), 'search, already on canary, was never touched'],
    [
      Object.entries(writes).every(([key, count]) => count === (/\/(payments|legacy)\//.test(key) ? 2 : 1)),
      'one restart per workload and change, no more',
    ],
    [
      most.overall <= MAX_IN_FLIGHT && most.perNamespace <= 1,
      `never more than ${MAX_IN_FLIGHT} restarts at a time, one per namespace (seen: ${most.overall} and ${most.perNamespace})`,
    ],
  ];
  say(`\n${bold('Assessed from the pods and the API server’s audit log')}`);
  for (const { act, seconds, restarts } of acts) say(`  ${restarts} restarts in ${seconds.toFixed(0)} s   ${act}`);
  for (const [right, text] of checks) say(`  ${right ? '✔' : '✖'} ${text}`);
  return checks.every(([right]) => right) ? 0 : 1;
}

/** Leaves the cluster up and says how to look at it. */
async function leave(bed: Testbed): Promise<void> {
  await bed.detach();
  say(`\nThe cluster is still up. Look at it:\n  export KUBECONFIG=${bed.kubeconfig}`);
  say(
    `  kubectl get deployments -A -o ` +
      `custom-columns=NS:.metadata.namespace,NAME:.metadata.name,OUTCOME:.metadata.annotations.meltemi\\\\.dev/outcome`,
  );
  say('  npm run meltemi -- plan');
  say(`Take it down:\n  npm run testbed -- down`);
}

// Leaving by a signal still runs the exit handlers that end the operator; the testbed's watchdog ends the rest.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
