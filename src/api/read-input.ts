/**
 * Checks query and body of a call against the schemas of its operation. The error names every wrong member, and repeats none of its
 * text.
 */
import type { Exchange } from '../http/exchange.ts'
import { readJson } from '../http/form.ts'
import { checkInput, inputInvalid } from '../protocol/check-input.ts'
import { strictObject } from '../protocol/strict-object.ts'
import type { QueryEntries, Schema } from './operation.ts'

/** Reads and checks the query of a call. @throws {EntradaError} `request_invalid` */
export function readQuery(entries: QueryEntries | undefined, { url }: Exchange): unknown {
  const names = [...url.searchParams.keys()]
  const repeated = names.filter((name, index) => names.indexOf(name) !== index)
  if (repeated.length > 0) {
    throw inputInvalid(
      repeated.map((parameter) => ({ parameter, problem: 'is given more than once' })),
    )
  }
  const query = strictObject(entries ?? {})
  return checkInput(query, Object.fromEntries(url.searchParams))
}

/** Checks the parameters in the path of a call. @throws {EntradaError} `request_invalid` */
export function readParams(entries: QueryEntries, params: Exchange['params']): void {
  for (const [name, schema] of Object.entries(entries)) {
    checkInput(strictObject({ [name]: schema }), { [name]: params[name] })
  }
}

/** Reads and checks the body of a call. @throws {EntradaError} `request_invalid`, `content_type_not_supported`, `body_too_large` */
export async function readBody(schema: Schema, exchange: Exchange): Promise<unknown> {
  const merges = exchange.request.method === 'PATCH'
  const types = merges ? [JSON_TYPE, 'application/merge-patch+json'] : [JSON_TYPE]
  return checkInput(schema, await readJson(exchange, types))
}

const JSON_TYPE = 'application/json'
