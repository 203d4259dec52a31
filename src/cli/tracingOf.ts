import type { Environment } from '../cluster/kubeconfig.ts';
import { messageOf } from '../messageOf.ts';
import { errorFields, type Logger } from '../report/logger.ts';
import { SayOnce } from '../sayOnce.ts';
import type { OtlpTracing } from '../tracing/otlpTracing.ts';
import { VERSION } from '../version.ts';
import { parseTracingEndpoint } from './settingParsers.ts';
import type { Settings } from './settings.ts';
import { withoutCredentials } from './withoutCredentials.ts';

/** The variable by which programs with OpenTelemetry's SDK are told where their collector is. */
const STANDARD = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** Where traces go. */
export interface Tracing extends OtlpTracing {
  readonly endpoint: string;
}

/**
 * Opens the way to the collector of the settings, or else of the environment. Without one nothing of the SDK is loaded.
 * @throws {Error} if the variable of the environment has no usable address
 */
export async function tracingOf(
  { tracingEndpoint }: Pick<Settings, 'tracingEndpoint'>,
  environment: Environment,
  logger: Logger,
): Promise<Tracing | undefined> {
  const endpoint = tracingEndpoint || fromEnvironment(environment);
  if (!endpoint) return undefined;
  const { otlpTracing } = await import('../tracing/otlpTracing.ts');
  const said = new SayOnce();
  const onError = (error: unknown): void => {
    if (!said.isNews(undefined, messageOf(error))) return;
    logger.warn('Traces not delivered', { endpoint, ...errorFields(error) });
  };
  return { endpoint, ...otlpTracing({ endpoint, version: VERSION, onError }) };
}

function fromEnvironment({ [STANDARD]: given = '' }: Environment): string {
  try {
    return parseTracingEndpoint(given);
  } catch (error) {
    const shown = JSON.stringify(withoutCredentials(given));
    throw new Error(`the environment variable ${STANDARD} is ${shown}. ${messageOf(error)}`);
  }
}
