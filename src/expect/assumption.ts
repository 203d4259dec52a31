/** A tag that points to another revision, as after `istioctl tag set TAG --revision REVISION --overwrite`. */
export interface TagAssumption {
  readonly kind: 'tag';
  readonly tag: string;
  readonly revision: string;
}

/** A label of a namespace that is set, or that is removed if it has no value. */
export interface LabelAssumption {
  readonly kind: 'label';
  readonly namespace: string;
  readonly key: string;
  readonly value?: string;
}

/** The injector of a revision answers at another address: another istiod in its place, such as one of the next version. */
export interface InjectorAssumption {
  readonly kind: 'injector';
  readonly revision: string;
  readonly address: DialAddress;
}

/** One thing of the mesh that is assumed to be different, for a plan that shows what would follow. */
export type Assumption = TagAssumption | LabelAssumption | InjectorAssumption;

/** Where a connection is made to, whatever the webhook names. */
export interface DialAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`; the host of an IPv6 address is in brackets. */
export const addressText = ({ host, port }: DialAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** An assumption as it is given on the command line. */
export function assumptionText(assumption: Assumption): string {
  switch (assumption.kind) {
    case 'tag':
      return `tag ${assumption.tag}=${assumption.revision}`;
    case 'label':
      return `label namespace/${assumption.namespace} ${assumption.key}${assumption.value === undefined ? '-' : `=${assumption.value}`}`;
    case 'injector':
      return `injector ${assumption.revision}=${addressText(assumption.address)}`;
  }
}
