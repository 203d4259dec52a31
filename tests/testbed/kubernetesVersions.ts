import { readFileSync } from 'node:fs';
import { type Module, sourceFolder } from './goModule.ts';

/** The Kubernetes minors that the testbed can run, and the Go module that each is built from. */
const MODULES = {
  '1.34': 'kubernetes-1.34',
  '1.36': 'bed',
  '1.37': 'kubernetes-1.37',
} as const satisfies Record<string, Module>;

export type KubernetesMinor = keyof typeof MODULES;

/** Oldest first. */
export const KUBERNETES_MINORS = Object.keys(MODULES) as readonly KubernetesMinor[];

/** What a testbed runs if it is not told otherwise: the one that is built with everything else. */
export const USUAL_MINOR = '1.36' satisfies KubernetesMinor;

/** The module that Kubernetes' server programs of a minor are built from. */
export const moduleOfMinor = (minor: KubernetesMinor): (typeof MODULES)[KubernetesMinor] => MODULES[minor];

/** The whole version of a minor, such as `1.36.3`. */
export function versionOfMinor(minor: KubernetesMinor): string {
  const found = versionIn(MODULES[minor]);
  if (!found?.startsWith(`${minor}.`))
    throw new Error(`module ${MODULES[minor]} builds Kubernetes ${found}, not ${minor}`);
  return found;
}

/** The version of Kubernetes that a module builds; undefined where it builds none. */
export function versionIn(module: Module): string | undefined {
  if (!Object.values<Module>(MODULES).includes(module)) return undefined;
  return readFileSync(`${sourceFolder(module)}/go.mod`, 'utf8').match(/k8s\.io\/kubernetes v(\S+)/)?.[1];
}

/**
 * The minor that was asked for, such as the value of `TESTBED_KUBERNETES`; the usual one if none was.
 * @throws naming those that there are
 */
export function kubernetesMinor(asked: string | undefined): KubernetesMinor {
  const found = asked ? KUBERNETES_MINORS.find((minor) => minor === asked) : USUAL_MINOR;
  if (!found) throw new Error(`no Kubernetes "${asked}" in the testbed; there are ${KUBERNETES_MINORS.join(', ')}`);
  return found;
}
