import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as v from 'valibot'
import { strictObject } from '../protocol/strict-object.ts'
import { recordJson } from './record-json.ts'

const schema = strictObject({
  id: v.string(),
  tags: v.array(v.string()),
  endsAt: v.nullable(v.string()),
  count: v.number(),
})

describe('recordJson', () => {
  it('takes the members of the schema and no others, in the order of the schema', () => {
    const record = { count: 0, id: 'a', tags: ['x'], sealed: 'a secret', endsAt: new Date(0) }
    assert.equal(
      JSON.stringify(recordJson(schema, record)),
      '{"id":"a","tags":["x"],"endsAt":"1970-01-01T00:00:00.000Z","count":0}',
    )
  })

  it('makes what is absent null, and lets no other member be absent', () => {
    assert.equal(recordJson(schema, { id: 'a', tags: [], count: 1 }).endsAt, null)
    // @ts-expect-error: `count` is missing, and may not be null.
    assert.equal(recordJson(schema, { id: 'a', tags: [] }).count, null)
    // @ts-expect-error: a time is text in JSON, and no number.
    recordJson(schema, { id: 'a', tags: [], count: new Date(0) })
  })
})
