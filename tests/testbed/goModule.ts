import { fileURLToPath } from 'node:url';

/** A Go module of the testbed, by the name of its folder. */
export type Module =
  | 'bed'
  | 'kubernetes-1.34'
  | 'kubernetes-1.37'
  | 'istio-1.30'
  | 'prometheus'
  | 'olm'
  | 'opm'
  | 'dapr'
  | 'rollouts'
  | 'flagger'
  | 'floor';

/** The folder with a module's go.mod and go.sum. */
export const sourceFolder = (module: Module): string => fileURLToPath(new URL(`modules/${module}`, import.meta.url));
