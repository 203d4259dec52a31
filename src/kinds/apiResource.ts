/** Where the API server serves the objects of a kind. */
export interface ApiResource {
  /** Of the API; empty for the core. */
  readonly group: string;
  readonly version: string;
  /** The plural name of the kind, as in paths and roles. */
  readonly resource: string;
}

/** As a CustomResourceDefinition is called: `rollouts.argoproj.io`. */
export const nameOf = ({ group, resource }: ApiResource): string => (group ? `${resource}.${group}` : resource);

/** As in `apiVersion` of its objects: `apps/v1`. */
export const apiVersionOf = ({ group, version }: ApiResource): string => (group ? `${group}/${version}` : version);
