import { envOf, type Setting } from '../../../src/cli/setting.ts';
import { SETTINGS } from '../../../src/cli/settings.ts';
import {
  ANNOTATION,
  HOME_PAGE,
  LEASE_NAME,
  PRODUCT,
  RESTART_ANNOTATION,
  RETRY,
  WINDOW_ANNOTATION,
} from '../../../src/names.ts';
import { METRICS } from '../../../src/report/metrics.ts';
import { tableOf } from '../../contract/markdownTable.ts';

/** Settings of `run` that mean something in a pod. */
export const POD_SETTINGS = Object.entries<Setting<unknown>>(SETTINGS).filter(
  ([name, { commands }]) => commands.includes('run') && !['kubeconfig', 'context'].includes(name),
);

/**
 * The CSV's text for hubs and consoles.
 * @param env what its Deployment sets already
 * @param port name of the port of its metrics
 */
export function description(env: Readonly<Record<string, string>>, port: string): string {
  return `${[
    INTRODUCTION,
    '## Which workloads',
    WHICH,
    '## Configuration',
    CONFIGURATION,
    environment(env),
    '## Metrics',
    metricsAt(port),
    metrics(),
    '## What it never touches',
    NEVER,
    '## More',
    `[Installing](${HOME_PAGE}/blob/main/docs/install.md), [policy](${HOME_PAGE}/blob/main/docs/policy.md),
[reasons](${HOME_PAGE}/blob/main/docs/reasons.md), [reporting](${HOME_PAGE}/blob/main/docs/reporting.md),
[alerts](${HOME_PAGE}/blob/main/docs/alerts.md).`,
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `When the control plane of an [Istio](https://istio.io) mesh changes (an in-place upgrade, a moved revision
tag, a relabelled namespace), pods keep their old sidecar until you restart them. Meltemi does that. It asks the injector of each
workload what it would give the next pod, compares that with the pods, and restarts what differs the way \`kubectl rollout restart\`
does, a few workloads at a time and only while it is safe. Every decision has a reason. If Meltemi cannot tell, it does not restart.
It adds no custom resources.`;

const WHICH = `- **Included:** everything that Istio injects, usually in namespaces with the label \`istio-injection: enabled\`
  or \`istio.io/rev\`: Deployments, StatefulSets, DaemonSets, Argo Rollouts, and ReplicaSets and ReplicationControllers without an owner.
- **Excluded:** the annotation \`${RESTART_ANNOTATION}: "false"\` on a workload or its namespace keeps it from being restarted. With
  \`${envOf('optIn')}=true\`, Meltemi restarts only workloads with \`"true"\`.
- **At certain times:** the annotation \`${WINDOW_ANNOTATION}: Mon-Thu 22:00-05:00 Europe/Athens\` on a workload or its namespace lets
  restarts begin only then.
- **Once more:** any new value of the annotation \`${RETRY}\` on a workload asks for one more restart after a failed one.
- **Look first:** apply [a paused Lease](${HOME_PAGE}/blob/main/olm-bundle/samples/paused.yaml) before the Subscription. With
  \`${envOf('dryRun')}=true\`, Meltemi decides and reports, but writes nothing.`;

const CONFIGURATION = `Set environment variables in \`spec.config.env\` of the Subscription. A change restarts the operator, which continues
to follow its restarts:

\`\`\`yaml
spec:
  config:
    env:
      - name: ${envOf('maxInFlight')}
        value: "10"
\`\`\``;

const NEVER = `- Meltemi writes one annotation to the pod template of a workload, or \`spec.restartAt\` to a Rollout. To the workload
  itself it writes its own record, such as \`${ANNOTATION.restartedFor}\`. It creates Events and keeps the Lease \`${LEASE_NAME}\` in its
  namespace. It writes nothing else.
- It reads no Secret, and of ConfigMaps only \`istio\` and \`istio-sidecar-injector\`. If you run revisions with other names, you
  can grant theirs ([how](${HOME_PAGE}/blob/main/docs/install.md)).
- It deletes nothing. It evicts pods only where no controller replaces them, unless \`${envOf('onDelete')}\` is \`never\`.
- It connects only to the API server, the injectors, and the servers that you name for metric gates, notifications and traces.`;

const metricsAt = (
  port: string,
): string => `\`GET /metrics\` on the port \`${port}\`, over TLS to clients that the API server authorizes, unless
\`${envOf('metricsSecure')}\` is \`false\`. The headless Service \`${PRODUCT}\` finds every replica.
[A sample](${HOME_PAGE}/blob/main/olm-bundle/samples/metricsreader.yaml) lets a Prometheus
scrape them.`;

function environment(env: Readonly<Record<string, string>>): string {
  const rows = POD_SETTINGS.map(([name, { help, default: fallback }]) => {
    const value = env[envOf(name)] ?? fallback;
    return [`\`${envOf(name)}\``, value ? `\`${value}\`` : '', help];
  });
  return tableOf(['variable', 'default', 'meaning'], rows);
}

function metrics(): string {
  return tableOf(
    ['metric', 'meaning'],
    Object.entries(METRICS).map(([name, { help }]) => [`\`${PRODUCT}_${name}\``, help]),
  );
}
