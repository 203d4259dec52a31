/** Where the API server serves the objects of a kind. */
export interface ApiResource {
  /** Of the API; empty for the core. */
  readonly group: string;
  readonly version: string;
  /** The kind in the plural, as it stands in paths and roles. */
  readonly resource: string;
}

/** As in `apiVersion` of its objects: `apps/v1`. */
export const apiVersionOf = ({ group, version }: ApiResource): string => (group ? `${group}/${version}` : version);
