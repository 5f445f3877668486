import { Tracer as XrayTracer } from '@aws-lambda-powertools/tracer';
import type { Tracer } from './tracer.ts';

/**
 * Spans as subsegments of the function's own X-Ray trace, which Lambda opens where active tracing is on; elsewhere the work just
 * runs. The SDK below it ends on 2027-02-25: this file is all that knows of it.
 */
export function createPowertoolsTracer(serviceName: string): Tracer {
  const xray = new XrayTracer({ serviceName, captureHTTPsRequests: false });
  return {
    async span(name, annotations, work) {
      // Asked for its segment in an invocation that is not traced, the SDK writes an error to the log.
      const parent = xray.isTracingEnabled() && xray.isTraceSampled() ? xray.getSegment() : undefined;
      if (parent === undefined) return work();
      const span = parent.addNewSubsegment(name);
      for (const [key, value] of Object.entries(annotations)) span.addAnnotation(key, value);
      try {
        return await work();
      } catch (error) {
        // Its name only: a message may quote what a library was given.
        span.addFaultFlag();
        span.addAnnotation('error', error instanceof Error ? error.name : 'unknown');
        throw error;
      } finally {
        span.close();
      }
    },
  };
}
