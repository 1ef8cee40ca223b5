/**
 * Spans for a process in which OpenTelemetry is set up. `@opentelemetry/api` is not a dependency of ours: it is used if it is
 * installed. Attributes have values from the code (routes, verbs, codes), never anything about a person.
 */
import { EntradaError } from '../errors/errors.ts'
import { version } from '../http/version.ts'

/** The part of `@opentelemetry/api` that Entrada uses. */
export type OpenTelemetryApi = {
  readonly trace: {
    getTracer(name: string, version?: string): Tracer
    /** This function exists since version 1.2 of the package. */
    getActiveSpan?(): object | undefined
  }
  readonly context: { active(): TraceContext }
  readonly propagation: {
    extract(context: TraceContext, carrier: Readonly<Record<string, string>>): TraceContext
  }
}
type TraceContext = unknown
type Tracer = {
  startActiveSpan<T>(
    name: string,
    options: { readonly kind?: number; readonly attributes?: SpanAttributes },
    context: TraceContext,
    work: (span: Span) => T,
  ): T
}
type Span = {
  updateName(name: string): unknown
  setAttributes(attributes: SpanAttributes): unknown
  setStatus(status: { readonly code: number; readonly message?: string }): unknown
  end(): void
}
export type SpanAttributes = Readonly<Record<string, string | number>>

export type Tracing = {
  /** Runs `work` in a span, which ends with it and carries the error code when it fails. */
  span<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>
  /**
   * Runs the work of a whole request in a span. `traceparent` is set only when it came from a trusted proxy; `described` is called
   * at the end.
   */
  request<T>(
    incoming: { readonly method: string; readonly traceparent?: string | undefined },
    work: () => Promise<T>,
    described: (result: T) => { readonly route: string; readonly status: number },
  ): Promise<T>
}

const SERVER_KIND = 1
const STATUS_ERROR = 2

export const noTracing: Tracing = {
  span: (_name, _attributes, work) => work(),
  request: (_asked, work) => work(),
}

/** Creates spans with the OpenTelemetry API that is passed in. */
export function createTracing(api: OpenTelemetryApi): Tracing {
  // One tracer is enough: it uses the provider that is registered when a span starts, even if that happens after this line.
  const tracer = api.trace.getTracer('entrada', version)
  return {
    span: (name, attributes, work) =>
      isInBackground(api)
        ? work()
        : tracer.startActiveSpan(name, { attributes }, api.context.active(), (span) =>
            endingWith(span, work),
          ),
    request({ method, traceparent }, work, described) {
      const active = api.context.active()
      const from = traceparent ? api.propagation.extract(active, { traceparent }) : active
      const attributes = { 'http.request.method': method }
      return tracer.startActiveSpan(method, { kind: SERVER_KIND, attributes }, from, (span) =>
        endingWith(span, async () => {
          const result = await work()
          const { route, status } = described(result)
          span.updateName(`${method} ${route}`)
          span.setAttributes({ 'http.route': route, 'http.response.status_code': status })
          if (status >= 500) span.setStatus({ code: STATUS_ERROR })
          return result
        }),
      )
    },
  }
}

/** Background work, such as polling once a second, belongs to no request; each run of it would become a trace of its own. */
function isInBackground({ trace }: OpenTelemetryApi): boolean {
  return trace.getActiveSpan !== undefined && trace.getActiveSpan() === undefined
}

/** A span carries only the code of an error: messages of other libraries may quote what a person sent. */
async function endingWith<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof EntradaError ? error.code : 'internal_error'
    span.setAttributes({ 'error.type': code })
    span.setStatus({ code: STATUS_ERROR, message: code })
    throw error
  } finally {
    span.end()
  }
}

/** Opens tracing with the API that is passed in, else with the installed package, else without spans. */
export async function openTracing(api?: OpenTelemetryApi): Promise<Tracing> {
  if (api) return createTracing(api)
  const name = '@opentelemetry/api' // not a literal: compilers and bundlers must not resolve it
  try {
    return createTracing((await import(name)) as OpenTelemetryApi) // the types of the package are not installed
  } catch {
    return noTracing
  }
}
