/**
 * The type of one operation of the JSON API. Routes, input checks, rights and the OpenAPI document are made from tables of
 * operations.
 */
import type * as v from 'valibot'
import type { AdminCaller } from '../access/admin-caller.ts'
import type { ApiCaller } from '../access/decide-right.ts'
import type { Scope } from '../access/scope-table.ts'
import type { ErrorCode } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Schema = v.GenericSchema
export type QueryEntries = Readonly<Record<string, Schema>>

/** The checked input of an operation. */
export type Call<Path extends string = string, Query = unknown, Body = unknown> = {
  readonly caller: ApiCaller
  /** The caller in the form that functions use to audit. */
  readonly by: AdminCaller
  readonly params: Readonly<Record<ParameterOf<Path>, string>>
  readonly query: Query
  readonly body: Body
  /** For lists: the only organization to show, because the caller is limited to it or asked for it; `undefined` means all. */
  readonly within: OrganizationId | undefined
  /**
   * Throws unless the record, passed as its JSON, matches `If-Match`. It is called inside the transaction that changes the record.
   *
   * @throws {EntradaError} `record_changed`
   */
  readonly checkUnchanged: (json: unknown) => void
  readonly exchange: Exchange
}

export type Access =
  /** Any caller, for its own session, which the operation finds itself. */
  | 'own_session'
  /** Any caller: the response contains only public facts. */
  | 'public'
  | {
      readonly scope: Scope
      /**
       * The owner of the record. `deployment`: no organization alone, so callers that are limited to one may not call. `own`: a
       * list; the operation shows `call.within` only. A function: returns the organization of the record that the path names, or of
       * the one to be created; `undefined` if there is none, `deployment` if no organization owns it. For a record of another
       * organization the response is 404.
       */
      readonly of: 'deployment' | 'own' | OwnerLookUp
    }
export type OwnerLookUp = (
  services: Services,
  input: { readonly params: Readonly<Record<string, string>>; readonly body: unknown },
) => Promise<string | undefined>

/** An absent schema as a type: no query, no body, no response body. */
type OutputOf<S> = S extends Schema ? v.InferOutput<S> : undefined
type QueryOf<Q> = QueryEntries extends Q
  ? unknown
  : Q extends QueryEntries
    ? { readonly [Name in keyof Q]: v.InferOutput<Q[Name]> }
    : undefined
type ParameterOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParameterOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

export type Operation<
  Path extends string = string,
  Query extends QueryEntries | undefined = QueryEntries | undefined,
  Body extends Schema | undefined = Schema | undefined,
  Answer extends Schema | undefined = Schema | undefined,
> = {
  readonly method: Method
  /** The path below `/api/v1`, with parameters as `:id`. */
  readonly path: Path
  readonly does: string
  readonly access: Access
  /** Schemas of the query's parameters, by name. Other names are refused, and so are repeated ones. */
  readonly query?: Query
  /** Schemas of parameters in the path, where not every text is looked up. */
  readonly params?: QueryEntries
  readonly body?: Body
  /** The schema of the response; absent means 204 without a body. */
  readonly answer?: Answer
  /** The operation creates something: it responds with 201 and `Location`, and accepts `Idempotency-Key`. */
  readonly creates?: true
  /** Members of the response that are shown only once: a call that is repeated with its `Idempotency-Key` gets `null` for them. */
  readonly shownOnce?: readonly string[]
  /** The response has an `ETag`, and a change accepts `If-Match`. */
  readonly versioned?: true
  /** Codes in addition to those that any operation may return. */
  readonly refusals?: readonly ErrorCode[]
  run(
    services: Services,
    call: Call<Path, QueryOf<Query>, OutputOf<Body>>,
  ): Promise<Answer extends Schema ? Frozen<v.InferInput<Answer>> : void>
}

/** The same type, but read-only. */
type Frozen<T> = T extends object ? { readonly [Member in keyof T]: Frozen<T[Member]> } : T

/** Gives a row of a table its types. */
export function operation<
  const Path extends string,
  Query extends QueryEntries | undefined = undefined,
  Body extends Schema | undefined = undefined,
  Answer extends Schema | undefined = undefined,
>(row: Operation<Path, Query, Body, Answer>): Operation<Path, Query, Body, Answer> {
  return row
}
