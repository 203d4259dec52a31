import type { Cluster } from '../cluster/cluster.ts';

/** The namespace of the controllers' ServiceAccounts (kubernetes cmd/kube-controller-manager/app/controllermanager.go). */
const NAMESPACE = 'kube-system';
/**
 * Milliseconds after which a ServiceAccount is read again. One that was deleted and made again has another UID. Pods wait longer than this
 * before they lose a sidecar because an injector declines.
 */
const READ_EVERY = 60_000;

/** The user of an AdmissionReview: authentication.k8s.io/v1 UserInfo. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

interface Reading {
  readonly uid: Promise<string | undefined>;
  /** When it is read again. */
  readonly until: number;
}

/**
 * The users that the API server names when it asks about a new pod: the ServiceAccounts of the controllers, as kube-controller-manager uses
 * them with --use-service-account-credentials. Some injectors answer only those; Dapr's compares the UID of the account.
 */
export class PodCreators {
  readonly #cluster: Pick<Cluster, 'accountUid'>;
  readonly #now: () => number;
  readonly #readings = new Map<string, Reading>();

  /** @param now milliseconds of a monotonic clock */
  constructor(cluster: Pick<Cluster, 'accountUid'>, now: () => number) {
    this.#cluster = cluster;
    this.#now = now;
  }

  /** The user of a controller. If its ServiceAccount cannot be read, and never was, the UID is left out. */
  async user(account: string): Promise<UserInfo> {
    const uid = await this.#uidOf(account);
    return {
      username: `system:serviceaccount:${NAMESPACE}:${account}`,
      ...(uid !== undefined && { uid }),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`, 'system:authenticated'],
    };
  }

  #uidOf(account: string): Promise<string | undefined> {
    const known = this.#readings.get(account);
    if (known && known.until > this.#now()) return known.uid;
    const uid = this.#cluster.accountUid(NAMESPACE, account).catch(() => known?.uid);
    this.#readings.set(account, { uid, until: this.#now() + READ_EVERY });
    return uid;
  }
}
