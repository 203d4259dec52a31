import type { Api } from '../../cluster/api.ts';
import { isForbidden } from '../../cluster/apiError.ts';
import { wholeList } from '../../cluster/list.ts';
import { resourcePath } from '../../cluster/resources.ts';
import { fits, type Shape } from '../../fieldTypes.ts';
import { deployment } from '../../kinds/deployment.ts';
import { messageOf } from '../../messageOf.ts';
import type { Labels } from '../../model.ts';
import { PRODUCT } from '../../names.ts';
import { escaped } from '../../report/escaped.ts';

/** Which operator is meant: any, the one of a namespace, or one Deployment. */
export interface OperatorChoice {
  readonly namespace?: string;
  readonly name?: string;
}

export interface ConfigMapVolume {
  readonly name?: string;
  readonly items?: readonly { readonly key?: string; readonly path?: string }[];
}

export interface Volume {
  readonly name: string;
  readonly configMap?: ConfigMapVolume;
  readonly projected?: { readonly sources?: readonly { readonly configMap?: ConfigMapVolume }[] };
}

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: { readonly name?: string; readonly key?: string };
    readonly fieldRef?: { readonly fieldPath?: string };
  };
}

export interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly envFrom?: readonly {
    readonly prefix?: string;
    readonly configMapRef?: { readonly name?: string };
    readonly secretRef?: { readonly name?: string };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

/** The Deployment of an operator, as far as its settings go. */
export interface OperatorDeployment {
  readonly namespace: string;
  readonly name: string;
  /** Of the operator, from a label; undefined if it has none. */
  readonly version: string | undefined;
  readonly container: Container;
  readonly volumes: readonly Volume[];
}

interface RawDeployment {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly labels?: Labels };
  readonly spec?: {
    readonly template?: {
      readonly spec?: { readonly containers?: readonly Container[]; readonly volumes?: readonly Volume[] };
    };
  };
}

const CONFIG_MAP: Shape = { name: 'string', items: [{ key: 'string', path: 'string' }] };
const CONTAINER: Shape = {
  name: 'string',
  command: ['string'],
  args: ['string'],
  env: [
    {
      name: 'string',
      value: 'string',
      valueFrom: { configMapKeyRef: { name: 'string', key: 'string' }, fieldRef: { fieldPath: 'string' } },
    },
  ],
  envFrom: [{ prefix: 'string', configMapRef: { name: 'string' }, secretRef: { name: 'string' } }],
  volumeMounts: [{ name: 'string', mountPath: 'string', subPath: 'string' }],
};
const DEPLOYMENT: Shape = {
  metadata: { namespace: 'string', name: 'string', labels: 'labels' },
  spec: {
    template: {
      spec: {
        containers: [CONTAINER],
        volumes: [{ name: 'string', configMap: CONFIG_MAP, projected: { sources: [{ configMap: CONFIG_MAP }] } }],
      },
    },
  },
};

/** Labels that the chart and the bundle give the Deployment, whatever it is called. */
const LABELS = `app.kubernetes.io/part-of=${PRODUCT},app.kubernetes.io/component=operator`;
const VERSION_LABEL = 'app.kubernetes.io/version';
const FLAG = '--in-cluster-settings';
/** Characters of a list of Deployments in an error. */
const LIST_LIMIT = 500;

/**
 * Finds the Deployment of the installed operator.
 * @throws {Error} with a message for users: none, several, or no right to list them
 */
export async function operatorDeployment(
  api: Api,
  { namespace, name }: OperatorChoice,
  signal: AbortSignal,
): Promise<OperatorDeployment> {
  const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
  const all = await listed(api, namespace, signal);
  const found = all.filter((one) => name === undefined || one.metadata.name === name);
  const [only, second] = found;
  if (!only) throw new Error(noneFound(name, where, all));
  if (second) {
    const names = escaped(found.map(shown).sort().join(', '), LIST_LIMIT);
    throw new Error(`there are ${found.length} operators ${where}: ${names}. Name one, as in ${FLAG} ${shown(only)}`);
  }
  const { containers = [], volumes = [] } = only.spec?.template?.spec ?? {};
  const container = containers.find((one) => one.name === PRODUCT) ?? containers[0];
  if (!container || !fits(only, DEPLOYMENT)) throw new Error(`Deployment ${shown(only)} has no container to read`);
  const { labels = {}, ...metadata } = only.metadata;
  return { namespace: metadata.namespace, name: metadata.name, version: labels[VERSION_LABEL], container, volumes };
}

const shown = ({ metadata }: RawDeployment): string => `${metadata.namespace}/${metadata.name}`;

function noneFound(name: string | undefined, where: string, others: readonly RawDeployment[]): string {
  const wanted = name === undefined ? `no Deployment of ${PRODUCT} ${where}` : `no operator ${name} ${where}`;
  const instead = others.length > 0 ? `; it has ${others.map(shown).join(', ')}` : '';
  return `${wanted}: none has the labels ${LABELS}${instead}. Is it installed there, and is this the right context (--context)?`;
}

async function listed(api: Api, namespace: string | undefined, signal: AbortSignal): Promise<RawDeployment[]> {
  const path = resourcePath(deployment, namespace);
  try {
    return await wholeList<RawDeployment>(api, { path, labelSelector: LABELS, signal });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const cure =
      namespace === undefined
        ? `If you may read its namespace only, name it: ${FLAG} NAMESPACE`
        : `Ask for the right to list Deployments there, or give the settings as flags instead of ${FLAG}`;
    throw new Error(`cannot look for the operator: ${messageOf(error)}. ${cure}`, { cause: error });
  }
}
