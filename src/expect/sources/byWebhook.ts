import type { SourceKind } from '../sidecarSource.ts';

/** Names of a configuration and of its entry, as the API server accepts them (apimachinery util/validation IsDNS1123Subdomain). */
const NAME = '[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?';
const WEBHOOK = new RegExp(`^(${NAME})/(${NAME})$`);

/** An injector of another project is asked the question that Istio's is asked. */
export const byWebhook: SourceKind = {
  key: 'webhook',
  help:
    'The webhook that injects the container: the name of its MutatingWebhookConfiguration, a slash, and the name of its entry. ' +
    'Meltemi sends it the pod templates of the workloads that it would inject, as the API server does.',
  example: 'linkerd-proxy-injector-webhook-config/linkerd-proxy-injector.linkerd.io',
  sourceOf(declared, value) {
    const [, configuration, name] = WEBHOOK.exec(value) ?? [];
    if (configuration === undefined)
      throw new Error('It must be the names of a MutatingWebhookConfiguration and of its entry: configuration/entry.');
    return { ...declared, origin: `webhook ${value}`, asks: (of, entry) => of === configuration && entry === name };
  },
};
