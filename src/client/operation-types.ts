/** The input and the output of each API operation, as types that are derived from the tables with which the server checks them. */
import type { InferInput, InferOutput } from 'valibot'
import type { Operation, QueryEntries, Schema } from '../api/operation.ts'
import type { operations } from '../api/operations.ts'

export type OperationId = keyof typeof operations

type Row<Id extends OperationId> = (typeof operations)[Id]
type PathOf<Id extends OperationId> =
  Row<Id> extends Operation<infer Path, infer _Query, infer _Body, infer _Answer> ? Path : never
type QueryOf<Id extends OperationId> =
  Row<Id> extends Operation<infer _Path, infer Query, infer _Body, infer _Answer> ? Query : never
type BodyOf<Id extends OperationId> =
  Row<Id> extends Operation<infer _Path, infer _Query, infer Body, infer _Answer> ? Body : never
type SchemaOf<Id extends OperationId> =
  Row<Id> extends Operation<infer _Path, infer _Query, infer _Body, infer Answer> ? Answer : never

type ParameterOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParameterOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

/** Numbers are sent as text; the client converts them. */
type QueryValue<Value> = Exclude<Value, undefined> | (string extends Value ? number : never)
type QueryPart<Query> = Query extends QueryEntries
  ? {
      readonly query?: {
        readonly [Name in keyof Query]?: QueryValue<InferInput<Query[Name]>> | undefined
      }
    }
  : unknown
type BodyPart<Body> = Body extends Schema ? { readonly body: InferInput<Body> } : unknown
type ParameterPart<Name extends string> = [Name] extends [never]
  ? unknown
  : { readonly params: Readonly<Record<Name, string>> }

export type CallOptions = {
  /** The `ETag` that a record came with, see `etagOf`. The record is changed only if it still has this tag. */
  readonly ifMatch?: string | undefined
  /** For operations that create something; the client creates a key if it is absent. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** The input of an operation. */
export type Asked<Id extends OperationId> = ParameterPart<ParameterOf<PathOf<Id>>> &
  QueryPart<QueryOf<Id>> &
  BodyPart<BodyOf<Id>> &
  CallOptions

/** The output of an operation. */
export type Answered<Id extends OperationId> =
  SchemaOf<Id> extends Schema ? InferOutput<SchemaOf<Id>> : undefined

/** Operations that return pages of a list. */
export type ListId = {
  [Id in OperationId]: Answered<Id> extends {
    readonly items: readonly unknown[]
    readonly next: string | null
  }
    ? Id
    : never
}[OperationId]
export type ItemOf<Id extends ListId> =
  Answered<Id> extends { readonly items: readonly (infer Item)[] } ? Item : never
