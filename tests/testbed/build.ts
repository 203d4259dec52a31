import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BuildWork, type Package } from './buildWork.ts';
import { type Module, sourceFolder } from './goModule.ts';
import { type KubernetesMinor, USUAL_MINOR, versionIn } from './kubernetesVersions.ts';
import { locked } from './lock.ts';
import {
  builtPath,
  cacheFolder,
  cacheRoot,
  copiedPath,
  FOLDER_NAMES,
  type FolderName,
  originOf,
  type Patch,
  PROGRAMS,
  type ProgramName,
  patchOf,
  programOf,
  programPath,
  programsOf,
  type Source,
  sourceOf,
  USUAL_PROGRAMS,
} from './programs.ts';
import type { Progress, Step } from './progress.ts';

const GO_NEEDED = '1.26';
const FOLLOW_MS = 500;
/** Characters at the end of what Go says, where its errors are. */
const ERRORS_KEPT = 2000;

/** The machine lacks something that only its user can add. */
export class MissingTool extends Error {
  override name = 'MissingTool';
}

/** What the testbed runs: each program's path, and the folders copied from the modules. */
export interface Toolbox {
  readonly program: (name: ProgramName) => string;
  readonly folder: (name: FolderName) => string;
}

/**
 * What has been built. Fails with what to do if something of a bed has not, and when a program is asked for that has not.
 * @param minor of Kubernetes, whose server programs are then given by their plain names
 */
export function toolbox(minor: KubernetesMinor = USUAL_MINOR): Toolbox {
  const bed = programsOf(minor);
  present(missingPrograms(bed), missingFolders(bed));
  return {
    program: (name) => {
      const wanted = programOf(name, minor);
      present(missingPrograms([wanted]));
      return programPath(wanted) ?? builtPath(wanted);
    },
    folder: (name) => {
      // copied when a program of its module is built
      const programs = PROGRAMS.filter((program) => sourceOf(program).module === originOf(name).module);
      if (!existsSync(copiedPath(name))) present(programs, [name]);
      return copiedPath(name);
    },
  };
}

/** @throws {MissingTool} naming what is missing, if any program is */
function present(programs: readonly ProgramName[], folders: readonly FolderName[] = []): void {
  if (programs.length + folders.length === 0) return;
  const named = programs.every((name) => USUAL_PROGRAMS.includes(name)) ? [] : programs;
  const command = ['node tests/testbed/command.ts build', ...named].join(' ');
  throw new MissingTool(`not built yet: ${[...programs, ...folders].join(', ')}. Run: ${command}`);
}

/** Builds what is missing, a Go module after the other: the Go compiler uses all processors for each. */
export async function build(progress: Progress, wanted: readonly ProgramName[] = USUAL_PROGRAMS): Promise<void> {
  if (isBuilt(wanted)) return;
  await needGo();
  const onWait = (pid: number) => progress.note(`waiting for process ${pid}, which builds already`);
  await locked(join(cacheRoot(), 'lock'), onWait, () => buildMissing(progress, wanted));
}

/** Whether there is nothing to build. */
export const isBuilt = (wanted: readonly ProgramName[]): boolean =>
  missingPrograms(wanted).length + missingFolders(wanted).length === 0;

async function buildMissing(progress: Progress, wanted: readonly ProgramName[]): Promise<void> {
  const groups = Map.groupBy(missingPrograms(wanted), (name) =>
    JSON.stringify([sourceOf(name).module, sourceOf(name).tags]),
  );
  const folders = missingFolders(wanted);
  progress.note(`building the testbed once, into ${cacheRoot()}`);
  const total = groups.size + (folders.length > 0 ? 1 : 0);
  let number = 0;
  const step = async (label: string, work: (step: Step) => Promise<void>) => {
    const step = progress.step(`[${++number}/${total}] ${label}`);
    await work(step).then(
      () => step.end(),
      (error) => {
        step.end(true);
        throw error;
      },
    );
  };
  for (const names of groups.values())
    await step(names.join(', '), (one) => buildPrograms(sourceOf(names[0] as ProgramName), names, one));
  if (folders.length > 0)
    await step('files of the modules', async () => {
      for (const name of folders) await copyFolder(name);
    });
}

/** The folder of one Go module among those that a module of the testbed needs; it is downloaded if need be. */
export async function moduleDir(module: Module, path: string): Promise<string> {
  const answer = await go(module, ['mod', 'download', '-json', path]);
  const { Dir: folder } = JSON.parse(answer) as { Dir?: string };
  if (!folder) throw new Error(`Go knows no folder for module ${path}: ${answer}`);
  return folder;
}

const missingPrograms = (wanted: readonly ProgramName[]): ProgramName[] => wanted.filter((name) => !programPath(name));

function missingFolders(wanted: readonly ProgramName[]): FolderName[] {
  const modules = new Set<Module>(wanted.map((name) => sourceOf(name).module));
  return FOLDER_NAMES.filter((name) => modules.has(originOf(name).module) && !existsSync(copiedPath(name)));
}

/** Builds programs of one module and with the same tags in one go, so that what they share is compiled once, side by side. */
async function buildPrograms(source: Source, names: readonly ProgramName[], step: Step): Promise<void> {
  const { module, tags = '' } = source;
  const ldflags = ['-s', '-w', ...versionFlags(module)].join(' ');
  const flags = ['-trimpath', '-ldflags', ldflags, '-tags', tags, ...(await patched(module))];
  const packages = names.map((name) => sourceOf(name).package);
  const folder = join(cacheFolder(module), `${process.pid}.draft`);
  const drafts = packages.map((path) => join(folder, linkedName(path)));
  mkdirSync(folder, { recursive: true });
  const work = new BuildWork(await packagesOf(module, flags, packages), drafts);
  const following = setInterval(() => step.reached(work.share()), FOLLOW_MS);
  try {
    await go(module, ['build', '-v', ...flags, '-o', `${folder}/`, ...packages], (line) => work.compiled(line));
    mkdirSync(join(cacheFolder(module), 'bin'), { recursive: true });
    // renamed when they are whole, so that an interruption leaves nothing half
    names.forEach((name, index) => {
      renameSync(drafts[index] ?? '', builtPath(name));
    });
  } finally {
    clearInterval(following);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads what is needed, and says of each package whether it has to be compiled. */
async function packagesOf(module: Module, flags: readonly string[], packages: readonly string[]): Promise<Package[]> {
  const format = '-json=ImportPath,Name,Dir,GoFiles,Stale';
  const answer = await go(module, ['list', '-deps', format, ...flags, ...packages]);
  // one object after the other, without commas
  return JSON.parse(`[${answer.replaceAll(/^}\n{/gm, '},{')}]`) as Package[];
}

/** What Go calls the program of a package: its last element, without a version. */
const linkedName = (path: string): string => path.replace(/\/v\d+$/, '').replace(/^.*\//, '');

/** Flags by which Go takes a patched copy of a module in its place. */
async function patched(module: Module): Promise<string[]> {
  const patch = patchOf(module);
  if (!patch) return [];
  const folder = join(cacheFolder(module), 'patched');
  const copy = join(folder, 'module');
  const modFile = join(folder, 'go.mod');
  if (!existsSync(modFile)) {
    const origin = await moduleDir(module, patch.path);
    await replace(copy, async (draft) => {
      cpSync(origin, draft, { recursive: true });
      makeWritable(draft);
      writeFileSync(join(draft, patch.file), inPlaceOf(patch, readFileSync(join(origin, patch.file), 'utf8')));
    });
    cpSync(join(sourceFolder(module), 'go.sum'), join(folder, 'go.sum'));
    const text = readFileSync(join(sourceFolder(module), 'go.mod'), 'utf8');
    writeFileSync(modFile, `${text}\nreplace ${patch.path} => ${copy}\n`);
  }
  return ['-modfile', modFile];
}

function inPlaceOf({ file, text, instead }: Patch, source: string): string {
  const [before, after, more] = source.split(text);
  if (after === undefined || more !== undefined) throw new Error(`${file} has not one ${text} to patch`);
  return `${before}${instead}${after}`;
}

async function copyFolder(name: FolderName): Promise<void> {
  const { module, path, folder } = originOf(name);
  const origin = join(await moduleDir(module, path), folder);
  await replace(copiedPath(name), async (draft) => {
    cpSync(origin, draft, { recursive: true });
    makeWritable(draft);
  });
}

/** Go's module cache is read-only; a copy that keeps that could not be removed again. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeWritable(path);
    else chmodSync(path, 0o644);
  }
}

/** Makes something under another name and renames it, so that an interruption leaves nothing half. */
async function replace(target: string, make: (draft: string) => Promise<unknown>): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  // A killed build's compiler may still write to its own draft.
  const draft = `${target}.${process.pid}.draft`;
  rmSync(draft, { recursive: true, force: true });
  try {
    await make(draft);
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Kubernetes' programs tell no version unless the linker is told one, and clients judge servers by it. */
function versionFlags(module: Module): string[] {
  const version = versionIn(module);
  if (version === undefined) return [];
  const [major = '', minor = ''] = version.split('.');
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
    `-X ${path}.gitVersion=v${version}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
  ]);
}

async function needGo(): Promise<void> {
  const cure = `install Go ${GO_NEEDED} or newer (https://go.dev/dl/): it builds Kubernetes and Istio for the testbed, once`;
  const version = await go('bed', ['env', 'GOVERSION']).catch((error: Error & { code?: string }) => {
    const cause = error.code === 'ENOENT' ? 'there is no Go on PATH' : `Go cannot be used: ${error.message}`;
    throw new MissingTool(`${cause}; ${cure}`);
  });
  const [major = 0, minor = 0] = version.trim().replace('go', '').split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = GO_NEEDED.split('.').map(Number);
  if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
    throw new MissingTool(`Go ${version.trim()} is too old; ${cure}`);
  }
}

/**
 * Runs Go in the folder of a module and returns what it prints; it ends with this process.
 * @param onLine is told each line of its standard error
 */
function go(
  module: Module,
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<string> {
  const child = spawn('go', args, {
    cwd: sourceFolder(module),
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: `${process.env.GOFLAGS ?? ''} -mod=readonly -buildvcs=false`.trim(),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.out += text));
  createInterface({ input: child.stderr }).on('line', (line) => {
    output.err = `${output.err}${line}\n`.slice(-ERRORS_KEPT);
    onLine(line);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output.out);
      else reject(new Error(`go ${args[0]} failed in ${sourceFolder(module)}:\n${output.err.trim()}`));
    });
  });
}
