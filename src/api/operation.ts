/** One operation of the JSON API. Routes, input checks, rights and the OpenAPI document are made from tables of these. */
import type * as v from 'valibot'
import type { ApiCaller } from '../access/decide-right.ts'
import type { Scope } from '../access/scope-table.ts'
import type { AdminCaller } from '../admin/administration.ts'
import type { ErrorCode } from '../errors/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Schema = v.GenericSchema
export type QueryEntries = Readonly<Record<string, Schema>>

/** What an operation is given, checked. */
export type Call<Path extends string = string, Query = unknown, Body = unknown> = {
  readonly caller: ApiCaller
  /** The same as who acts, for functions that audit. */
  readonly by: AdminCaller
  readonly params: Readonly<Record<ParameterOf<Path>, string>>
  readonly query: Query
  readonly body: Body
  /** Lists: the one organization to show, because the caller is confined to it or asked for it; `undefined`: all. */
  readonly within: OrganizationId | undefined
  /**
   * Throws unless the record, given as its JSON, is what `If-Match` says. Called inside the transaction that changes it.
   *
   * @throws {EntradaError} `record_changed`
   */
  readonly checkUnchanged: (json: unknown) => void
  readonly exchange: Exchange
}

export type Access =
  /** Anybody's own session: the operation looks for itself. */
  | 'own_session'
  /** Anybody: it says nothing that is not public. */
  | 'public'
  | {
      readonly scope: Scope
      /**
       * Whose it is. `deployment`: nobody's alone, so callers confined to an organization may not. `own`: a list; the operation shows
       * `call.within` only. A function: the organization of the record that the path names, or of what is to be created;
       * `undefined` when there is none, `deployment` when it is nobody's alone. For somebody else's the answer is 404.
       */
      readonly of: 'deployment' | 'own' | OwnerLookUp
    }
export type OwnerLookUp = (
  services: Services,
  asked: { readonly params: Readonly<Record<string, string>>; readonly body: unknown },
) => Promise<string | undefined>

/** A schema that is not there, as a type: no query, no body, no answer. */
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
  /** Below `/api/v1`; parameters as `:id`. */
  readonly path: Path
  readonly does: string
  readonly access: Access
  /** Schemas of the query's parameters, by name. Any other name is refused, so is a repeated one. */
  readonly query?: Query
  /** Schemas of parameters of the path, where not any text is looked for. */
  readonly params?: QueryEntries
  readonly body?: Body
  /** Absent: 204 without a body. */
  readonly answer?: Answer
  /** Makes something: 201, `Location`, and `Idempotency-Key` is heeded. */
  readonly creates?: true
  /** Members of the answer that are told this once: a call that is repeated with its `Idempotency-Key` gets `null` for them. */
  readonly shownOnce?: readonly string[]
  /** The answer carries an `ETag`, or the change heeds `If-Match`. */
  readonly versioned?: true
  /** Codes beside those that any operation may answer. */
  readonly refusals?: readonly ErrorCode[]
  run(
    services: Services,
    call: Call<Path, QueryOf<Query>, OutputOf<Body>>,
  ): Promise<Answer extends Schema ? Frozen<v.InferInput<Answer>> : void>
}

/** The same, and nobody writes to it. */
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
