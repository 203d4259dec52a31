import { programPath } from '../testbed/programs.ts';

/** What scenarios need and a cluster that is only given (E2E_KUBECONFIG) does not have, as it is printed when they are skipped. */
const MISSING = {
  'audit-log': 'judges every request of an operator by the audit log of the API server',
  'control-plane': 'stops, slows or reconfigures the API server or the controllers',
  'fake-kubelet': 'needs pods that stay unready, fail or get stuck as an annotation says, or nodes without a kubelet',
  'istiod-process': 'stops istiod, upgrades half of it, or counts what it is asked',
  'local-webhook': 'serves a webhook on this machine, where the API server of another machine does not find it',
  'own-mesh': 'installs, configures and removes meshes of its own, or begins without any',
  'many-pods': 'makes hundreds of pods, which is too much for small clusters',
  'own-skip-list':
    'says itself which namespaces are skipped; on a given cluster that is everything the scenarios did not make',
  'testbed-programs': 'runs programs that the testbed builds',
} as const;

/** What a given cluster has only if its owner says so. */
const IF_ALLOWED = {
  'istiod-upgrade': 'upgrades istiod in place, which E2E_ISTIO_UPGRADE=1 allows',
} as const;

/** What a testbed has only if it was built. */
const IF_BUILT = {
  'older-istiod': 'needs an istiod of another version, which only `make matrix` builds',
} as const;

type Need = keyof typeof MISSING | keyof typeof IF_ALLOWED | keyof typeof IF_BUILT;

interface Needs {
  /** Of every test of the file. */
  readonly all?: readonly Need[];
  /** Of single tests, by their names. */
  readonly tests?: Readonly<Record<string, readonly Need[]>>;
}

/** What every file of scenarios needs, by its name without `.test.ts`. A file without needs runs on any cluster. */
export const NEEDS: Readonly<Record<string, Needs>> = {
  admission: { all: ['local-webhook'] },
  bareControllers: { all: ['audit-log', 'fake-kubelet'] },
  budgets: { all: ['istiod-upgrade'] },
  chaos: { all: ['control-plane', 'istiod-process'] },
  chart: { all: ['audit-log'] },
  config: { all: ['local-webhook'] },
  crash: { all: ['control-plane'] },
  dashboard: { all: ['testbed-programs', 'istiod-upgrade'] },
  exampleKind: { all: ['audit-log'] },
  expectation: { all: ['istiod-process'] },
  faults: { all: ['istiod-process'] },
  field: { all: ['fake-kubelet'] },
  flagger: { all: ['testbed-programs'] },
  fleet: { all: ['control-plane', 'own-mesh'] },
  halts: {
    all: ['istiod-upgrade'],
    tests: {
      'of 20 workloads that get stuck at most max-in-flight + 2 are written, also after a crash; a resume buys as many':
        ['fake-kubelet'],
      'a webhook that fails open halts at once; a resume lets the rest go on, a retry repairs those that lost their sidecar':
        ['local-webhook'],
    },
  },
  injectors: { all: ['local-webhook'] },
  kinds: {
    all: ['istiod-upgrade'],
    tests: {
      'a DaemonSet with a pod on a node that is not Ready: the others are rolled where its strategy leaves room': [
        'fake-kubelet',
      ],
    },
  },
  laptop: { all: ['fake-kubelet'] },
  leaders: { all: ['control-plane'] },
  lease: { all: ['audit-log'] },
  meshes: { all: ['own-mesh'] },
  metricGates: { all: ['testbed-programs', 'istiod-process'] },
  metrics: { all: ['control-plane'] },
  native: { all: ['own-mesh'] },
  notify: { all: ['control-plane', 'fake-kubelet'] },
  olm: { all: ['testbed-programs'] },
  onDelete: { all: ['audit-log', 'fake-kubelet'] },
  optOut: {
    all: ['istiod-upgrade'],
    tests: {
      'a policy file excludes by filter; a bad edit keeps the last good policy, a good one takes effect': [
        'own-skip-list',
      ],
    },
  },
  optionalKinds: { all: ['audit-log', 'testbed-programs'] },
  oracle: { all: ['control-plane'] },
  orphaned: { all: ['audit-log'] },
  page: { all: ['istiod-upgrade', 'fake-kubelet'] },
  plan: { all: ['own-mesh', 'many-pods'] },
  plugin: { all: ['testbed-programs'] },
  policies: { all: ['own-mesh'] },
  questionClasses: { all: ['istiod-process'] },
  reconcilers: { all: ['audit-log'] },
  relapse: { all: ['istiod-process'] },
  revisions: {
    tests: {
      'a Failed pod that was left behind causes nothing': ['fake-kubelet'],
      'an injected gateway is upgraded; where no injector matches it is left alone, for its image is "auto"': [
        'own-mesh',
      ],
    },
  },
  rolloutGroups: { all: ['audit-log', 'fake-kubelet'] },
  rollouts: { all: ['testbed-programs'] },
  scale: { all: ['control-plane', 'many-pods'] },
  service: { all: ['own-mesh'] },
  sidecars: { all: ['testbed-programs'] },
  status: { all: ['audit-log', 'fake-kubelet', 'istiod-upgrade'] },
  tables: { all: ['own-mesh'] },
  tenant: { all: ['fake-kubelet'] },
  traces: { all: ['audit-log', 'istiod-upgrade'] },
  twoIstiods: { all: ['older-istiod'] },
  unsupported: { all: ['audit-log', 'istiod-upgrade'] },
  upgrade: {
    all: ['istiod-upgrade'],
    tests: {
      'a changed injector ConfigMap alone writes nothing for a minute; when istiod follows, all are restarted': [
        'istiod-process',
      ],
      'a workload whose new pods never become ready is written once; the others finish': ['fake-kubelet'],
    },
  },
  waves: { all: ['audit-log', 'istiod-upgrade', 'fake-kubelet'] },
  whatIf: { all: ['control-plane', 'own-mesh'] },
  windows: { all: ['audit-log', 'istiod-upgrade'] },
};

/** What is left out, and why. */
export interface Skipped {
  /** As `halts`, without `.test.ts`. */
  readonly file: string;
  /** Where only this test of the file is left out. */
  readonly test?: string;
  readonly because: string;
}

/** What a testbed skips only where it was not built; a given cluster has none of it. */
const isBuilt = (): boolean => programPath('pilot-discovery-1.30') !== undefined;

/**
 * Everything that is skipped: on a testbed only what needs programs that are not there.
 * @param built whether the programs are there that the usual build leaves out
 */
export function skipped(environment: NodeJS.ProcessEnv, built = isBuilt()): Skipped[] {
  const reasons: Partial<Record<Need, string>> = environment.E2E_KUBECONFIG
    ? { ...MISSING, ...IF_BUILT, ...(environment.E2E_ISTIO_UPGRADE !== '1' && IF_ALLOWED) }
    : { ...(!built && IF_BUILT) };
  const why = (needs: readonly Need[] = []): string => needs.flatMap((need) => reasons[need] ?? []).join('; ');
  return Object.entries(NEEDS).flatMap(([file, { all, tests = {} }]) => {
    const because = why(all);
    if (because) return [{ file, because }];
    return Object.entries(tests)
      .map(([test, needs]) => ({ file, test, because: why(needs) }))
      .filter((one) => one.because !== '');
  });
}

/** The files that are skipped as wholes, as a pattern of their paths. */
export const skippedFiles = (environment: NodeJS.ProcessEnv): string[] =>
  skipped(environment).flatMap(({ file, test }) => (test ? [] : `/live/${file}\\.test\\.ts$`));
