import * as v from 'valibot'
import { type Fault, faultyEndpoints } from '../faults.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000))
const members = v.record(v.string(), v.unknown())
const names = v.array(v.string())
const status = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599))

const target = {
  forUser: v.exactOptional(v.string()),
  times: v.exactOptional(v.union([v.pipe(count, v.minValue(1)), v.literal('always')])),
  skip: v.exactOptional(count),
}
const transport = { on: v.picklist(faultyEndpoints), ...target }

const faultSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('hang'), ...transport }),
  v.strictObject({
    kind: v.literal('delay'),
    milliseconds: v.pipe(count, v.maxValue(600_000)),
    ...transport,
  }),
  v.strictObject({
    kind: v.literal('status'),
    status,
    retryAfterSeconds: v.exactOptional(count),
    headers: v.exactOptional(v.record(v.string(), v.string())),
    body: v.exactOptional(v.string()),
    ...transport,
  }),
  v.strictObject({ kind: v.literal('html'), ...transport }),
  v.strictObject({ kind: v.literal('cut_body'), ...transport }),
  v.strictObject({ kind: v.literal('invalid_json'), ...transport }),
  v.strictObject({
    kind: v.literal('redirect'),
    location: v.string(),
    status: v.exactOptional(status),
    ...transport,
  }),
  v.strictObject({
    kind: v.literal('oauth_error'),
    on: v.picklist(['token', 'authorize']),
    error: v.pipe(v.string(), v.minLength(1)),
    code: v.pipe(v.number(), v.integer(), v.minValue(1)),
    text: v.exactOptional(v.string()),
    suberror: v.exactOptional(v.string()),
    claims: v.exactOptional(v.string()),
    status: v.exactOptional(status),
    ...target,
  }),
  v.strictObject({
    kind: v.literal('members'),
    on: v.picklist(['discovery', 'keys', 'token', 'graph']),
    set: v.exactOptional(members),
    remove: v.exactOptional(names),
    ...target,
  }),
  v.strictObject({
    kind: v.literal('id_token'),
    setClaims: v.exactOptional(members),
    removeClaims: v.exactOptional(names),
    forgeClaims: v.exactOptional(members),
    setHeader: v.exactOptional(members),
    removeHeader: v.exactOptional(names),
    algorithm: v.exactOptional(v.string()),
    hmacKey: v.exactOptional(v.picklist(['client_secret', 'public_key'])),
    signature: v.exactOptional(v.picklist(['garbage', 'empty', 'other_key'])),
    ...target,
  }),
])

/** A fault as in JSON: `"always"` replaces the infinity that JSON does not have. */
export const faultInput = v.pipe(
  faultSchema,
  v.transform(({ times, ...fault }): Fault => {
    if (times === undefined) return fault
    return { ...fault, times: times === 'always' ? Number.POSITIVE_INFINITY : times }
  }),
)
