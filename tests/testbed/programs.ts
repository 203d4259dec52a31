import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Module, sourceFolder } from './goModule.ts';
import { type KubernetesMinor, USUAL_MINOR } from './kubernetesVersions.ts';

export interface Source {
  readonly module: Module;
  readonly package: string;
  /** Whether a program of this name on the machine may take the built one's place. */
  readonly replaceable: boolean;
  /** Build tags that leave out what is not needed. */
  readonly tags?: string;
}

const OLM = 'github.com/operator-framework/operator-lifecycle-manager';
const ROLLOUTS = 'github.com/argoproj/argo-rollouts';
const FLAGGER = 'github.com/fluxcd/flagger';
const REGISTRY = 'github.com/operator-framework/operator-registry';

/** Of one Go module, whose programs share what they have in common: that halves the work of building each from a module of its own. */
const ofBed = (path: string, replaceable = true): Source => ({
  module: 'bed',
  package: path,
  replaceable,
  // Without the validation of Envoy's messages, as Istio's own releases are built.
  tags: 'disable_pgv',
});

/** Of a Kubernetes that only the matrix runs. A program of the machine's own would be of any version. */
const ofKubernetes = (minor: '1.34' | '1.37', name: string): Source => ({
  module: `kubernetes-${minor}`,
  package: `k8s.io/kubernetes/cmd/${name}`,
  replaceable: false,
});

const SOURCES = {
  etcd: ofBed('go.etcd.io/etcd/server/v3'),
  'kube-apiserver': ofBed('k8s.io/kubernetes/cmd/kube-apiserver'),
  'kube-controller-manager': ofBed('k8s.io/kubernetes/cmd/kube-controller-manager'),
  'kube-scheduler': ofBed('k8s.io/kubernetes/cmd/kube-scheduler'),
  kubectl: ofBed('k8s.io/kubernetes/cmd/kubectl'),
  kwok: ofBed('sigs.k8s.io/kwok/cmd/kwok'),
  helm: ofBed('helm.sh/helm/v4/cmd/helm'),
  'pilot-discovery': ofBed('istio.io/istio/pilot/cmd/pilot-discovery', false),
  // Without its clients of a dozen clouds, which only find targets to scrape.
  promtool: {
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    replaceable: true,
    tags: 'remove_all_sd',
  },
  // Without them too, and without its pages, which nothing here looks at.
  prometheus: {
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    replaceable: true,
    tags: 'remove_all_sd',
  },
  // A program called olm or catalog on PATH may be anything, and an opm listens on all addresses.
  olm: { module: 'olm', package: `${OLM}/cmd/olm`, replaceable: false },
  catalog: { module: 'olm', package: `${OLM}/cmd/catalog`, replaceable: false },
  // Without its drivers for storage, which need libraries in C.
  opm: {
    module: 'opm',
    package: `${REGISTRY}/cmd/opm`,
    replaceable: false,
    tags: 'containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper,json1',
  },
  'operator-verify': {
    module: 'opm',
    package: 'github.com/operator-framework/api/cmd/operator-verify',
    replaceable: true,
  },
  'validate-bundle': { module: 'opm', package: './validate-bundle', replaceable: false },
  'dapr-injector': { module: 'dapr', package: './injector', replaceable: false },
  'rollouts-controller': { module: 'rollouts', package: `${ROLLOUTS}/cmd/rollouts-controller`, replaceable: false },
  flagger: { module: 'flagger', package: `${FLAGGER}/cmd/flagger`, replaceable: false },
  'kube-apiserver-1.34': ofKubernetes('1.34', 'kube-apiserver'),
  'kube-controller-manager-1.34': ofKubernetes('1.34', 'kube-controller-manager'),
  'kube-scheduler-1.34': ofKubernetes('1.34', 'kube-scheduler'),
  'kube-apiserver-1.37': ofKubernetes('1.37', 'kube-apiserver'),
  'kube-controller-manager-1.37': ofKubernetes('1.37', 'kube-controller-manager'),
  'kube-scheduler-1.37': ofKubernetes('1.37', 'kube-scheduler'),
  'pilot-discovery-1.30': {
    module: 'istio-1.30',
    package: 'istio.io/istio/pilot/cmd/pilot-discovery',
    replaceable: false,
    tags: 'disable_pgv',
  },
  // What the benchmark compares with.
  floor: { module: 'floor', package: 'testbed/floor', replaceable: false },
} as const satisfies Record<string, Source>;

export type ProgramName = keyof typeof SOURCES;

export const PROGRAMS = Object.keys(SOURCES) as readonly ProgramName[];

/** What only `make matrix` runs: other versions of what there is already. Nothing else builds them. */
export const MATRIX_PROGRAMS = PROGRAMS.filter((name) => /-1\.\d+$/.test(name));

/** What is built if nothing is named. */
export const USUAL_PROGRAMS = PROGRAMS.filter((name) => !MATRIX_PROGRAMS.includes(name));

/** What a cluster with a mesh is made of. Who only wants a cluster need not wait for the others, which only tests need. */
export const BED_PROGRAMS = PROGRAMS.filter((name) => SOURCES[name].module === 'bed' && name !== 'kubectl');

/** Kubernetes' own part of a bed, of which there are several versions. */
const SERVERS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const satisfies ProgramName[];

/** The program of a Kubernetes minor where there are several versions of it; else the one that there is. */
export function programOf(name: ProgramName, minor: KubernetesMinor): ProgramName {
  const server = SERVERS.find((one) => one === name);
  return server && minor !== USUAL_MINOR ? `${server}-${minor}` : name;
}

/** What a cluster of a Kubernetes minor with a mesh is made of. */
export const programsOf = (minor: KubernetesMinor): ProgramName[] => BED_PROGRAMS.map((name) => programOf(name, minor));

/** Where a program is built from. */
export const sourceOf = (name: ProgramName): Source => SOURCES[name];

/** Folders of Go modules that are needed beside the programs: Istio's charts, kwok's stock stages, CRDs. */
const FOLDERS = {
  charts: { module: 'bed', path: 'istio.io/istio', folder: 'manifests/charts' },
  stages: { module: 'bed', path: 'sigs.k8s.io/kwok', folder: 'kustomize/stage' },
  'charts-1.30': { module: 'istio-1.30', path: 'istio.io/istio', folder: 'manifests/charts' },
  'olm-crds': {
    module: 'olm',
    path: OLM,
    folder: 'deploy/chart/crds',
  },
  'rollouts-crds': { module: 'rollouts', path: ROLLOUTS, folder: 'manifests/crds' },
  'flagger-crds': { module: 'flagger', path: FLAGGER, folder: 'charts/flagger/crds' },
} as const;

export type FolderName = keyof typeof FOLDERS;

export const FOLDER_NAMES = Object.keys(FOLDERS) as readonly FolderName[];

/** Where a folder is copied from. */
export const originOf = (name: FolderName): (typeof FOLDERS)[FolderName] => FOLDERS[name];

/** Something in the source of a module, and what it is built with instead. */
export interface Patch {
  readonly path: string;
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

/** What has no flag for it and would listen on every address of the machine, OLM's operators both on the same port. */
const PATCHES: Partial<Record<Module, Patch>> = {
  olm: { path: OLM, file: 'pkg/lib/server/server.go', text: '":8080"', instead: '"127.0.0.1:0"' },
  dapr: {
    path: 'github.com/dapr/dapr',
    file: 'pkg/injector/service/injector.go',
    text: 'fmt.Sprintf(":%d", i.port)',
    instead: 'fmt.Sprintf("127.0.0.1:%d", i.port)',
  },
  rollouts: { path: ROLLOUTS, file: 'controller/controller.go', text: '"0.0.0.0:%d"', instead: '"127.0.0.1:%d"' },
  flagger: { path: FLAGGER, file: 'pkg/server/server.go', text: '":" + port', instead: '"127.0.0.1:" + port' },
  opm: { path: REGISTRY, file: 'cmd/opm/serve/serve.go', text: '":"+s.port', instead: '"127.0.0.1:"+s.port' },
};

export const patchOf = (module: Module): Patch | undefined => PATCHES[module];

/** Where what was built for a module is kept for this user. The name changes with all that it is built from. */
export function cacheFolder(module: Module): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(sourceFolder(module), file)));
  const own = globSync('**/*.go', { cwd: sourceFolder(module) }).sort();
  for (const file of own) hash.update(readFileSync(join(sourceFolder(module), file)));
  if (PATCHES[module]) hash.update(JSON.stringify(PATCHES[module]));
  return join(cacheRoot(), `${module}-${hash.digest('hex').slice(0, 12)}`);
}

export const cacheRoot = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'meltemi-testbed');

/** Where the program is built to. */
export const builtPath = (name: ProgramName): string => join(cacheFolder(SOURCES[name].module), 'bin', name);

/** Where the folder is copied to. */
export const copiedPath = (name: FolderName): string => join(cacheFolder(FOLDERS[name].module), name);

/** A program of the machine's own, which its user prefers: in `KUBEBUILDER_ASSETS`, else on `PATH`. */
export function systemPath(name: ProgramName): string | undefined {
  if (!SOURCES[name].replaceable) return undefined;
  const folders = [process.env.KUBEBUILDER_ASSETS, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.flatMap((folder) => (folder ? [join(folder, name)] : [])).find(isProgram);
}

/** The program to run, or undefined where it has to be built first. */
export function programPath(name: ProgramName): string | undefined {
  return systemPath(name) ?? (existsSync(builtPath(name)) ? builtPath(name) : undefined);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
