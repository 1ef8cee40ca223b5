/**
 * Spans for whoever has OpenTelemetry set up in this process. `@opentelemetry/api` is not among our dependencies: it is used when it
 * is there. Attributes are words of ours (routes, verbs, codes), never anything about a person.
 */
import { EntradaError } from '../errors/errors.ts'
import { version } from '../version.ts'

/** What is used of `@opentelemetry/api`. */
export type OpenTelemetryApi = {
  readonly trace: {
    getTracer(name: string, version?: string): Tracer
    /** Since 1.2. */
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
  /** Runs `work` in a span, which ends with it and says with which code it failed. */
  span<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>
  /** The same for a whole request. `traceparent` is that of a proxy whose word counts; `described` is called at the end. */
  request<T>(
    asked: { readonly method: string; readonly traceparent?: string | undefined },
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

export function createTracing(api: OpenTelemetryApi): Tracing {
  // Once: it hands on to whatever provider is there at each span, also to one that is registered after us.
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

/** What belongs to no request, such as a look once a second, would be a trace of its own each time. */
function isInBackground({ trace }: OpenTelemetryApi): boolean {
  return trace.getActiveSpan !== undefined && trace.getActiveSpan() === undefined
}

/** Nothing of the error but its code: messages of others may quote what a person sent. */
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

/** The one that is given, or the one that is installed beside us, or none. */
export async function openTracing(given?: OpenTelemetryApi): Promise<Tracing> {
  if (given) return createTracing(given)
  const name = '@opentelemetry/api' // not a literal: neither compiler nor bundler shall look for it
  try {
    return createTracing((await import(name)) as OpenTelemetryApi) // its own types are not here
  } catch {
    return noTracing
  }
}
