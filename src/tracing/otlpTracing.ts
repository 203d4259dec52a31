import type { Tracer } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { PRODUCT } from '../names.ts';

export interface OtlpTracingOptions {
  /** Base URL of a collector that speaks OTLP over HTTP. */
  readonly endpoint: string;
  readonly version: string;
  /** Spans were not delivered. They are not sent again. */
  readonly onError: (error: unknown) => void;
}

/** Where spans go, until it is closed. */
export interface OtlpTracing {
  readonly tracer: Tracer;
  /** Sends what waits, as far as the collector takes it at once. Never rejects. */
  close(): Promise<void>;
}

/** Spans that wait at most; later ones are dropped. */
const ROOM = 500;
const SEND_EVERY = 5000;
/** For one request with its retries, in milliseconds; the process waits so long at its end, too. */
const PATIENCE = 2000;

/**
 * Sends spans to a collector. Headers, the certificate of the collector, resource attributes and the sampler come from the standard
 * variables of the environment (OTEL_…), which the SDK reads itself.
 */
export function otlpTracing({ endpoint, version, onError }: OtlpTracingOptions): OtlpTracing {
  setGlobalErrorHandler(onError);
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: PATIENCE });
  const own = resourceFromAttributes({ 'service.name': PRODUCT, 'service.version': version });
  const provider = new TracerProvider({
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: ROOM,
        maxExportBatchSize: ROOM,
        scheduledDelayMillis: SEND_EVERY,
        exportTimeoutMillis: PATIENCE,
      }),
    ],
  });
  return {
    tracer: provider.getTracer(PRODUCT, version),
    close: () => provider.shutdown().catch(onError),
  };
}
