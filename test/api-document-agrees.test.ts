/** That the OpenAPI document and the server take the same. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type Answer, ask } from './support/api-calls.ts'
import {
  allowedBy,
  type DescribedOperation,
  describedOperations,
  isDescribed,
  type Json,
  leavesOf,
  type Parameter,
  refusedBy,
} from './support/described.ts'
import { createRig, people, type Rig } from './support/rig.ts'

/** Values that are refused because of the deployment or of another member; the description mentions that. */
const contextual: readonly string[] = [
  // One of the deployment's own addresses.
  'createConnection settings.redirectOrigin',
  'changeConnection settings.redirectOrigin',
  // There is an application to share.
  'createConnection application',
  'changeConnection application',
  // The connection has a tenant, or a list of them, which the other one replaces only when it is taken away.
  'changeConnection tenant',
  'changeConnection allowedTenantIds.0',
  // Percent-encoded, of a known space; and `tid` and `oid` are left out.
  'createUser person',
  // In the future.
  'createApiKey expiresAt',
  // That of the organization.
  'removeOrganization slug',
  'removeOrganization Entrada-Managed-By',
]

for (const operation of describedOperations) {
  const { id, parameters, body, answers } = operation

  describe(`the OpenAPI document of ${id}`, () => {
    let rig: Rig
    let ids: Readonly<Record<string, string>>
    before(async () => {
      // The calls of all members together are more than one client may make in a minute.
      rig = await createRig({ withoutBackgroundWork: true, withoutLimits: true })
      ids = await populate(rig)
    })
    after(() => rig.close())

    it('has an example of each parameter, body and answer, which its schemas allow (O10)', () => {
      const described = [
        ...parameters.map((parameter) => [parameter.name, parameter] as const),
        ...(body ? [['body', body] as const] : []),
        ...answers,
      ]
      for (const [name, { schema, example }] of described) {
        assert.ok(example !== undefined, `${name} has no example`)
        assert.ok(isDescribed(schema, example), `${name}: ${JSON.stringify(example)}`)
      }
    })

    it('has a request that the server understands (O10)', async () => {
      const { status, body: answer } = await send({ rig, ids, operation })
      assert.ok(status < 500 && status !== 400, JSON.stringify(answer))
    })

    for (const parameter of parameters) {
      it(`agrees with the server on the parameter ${parameter.name} (O10)`, () =>
        agreeOn(`${id} ${parameter.name}`, parameter.schema, async (value) => {
          if (!isSendable(parameter, value)) return undefined
          const changed = { [parameter.name]: String(value) }
          const answer = await send({ rig, ids, operation, parameters: changed })
          // A header is looked at once the record is found, and of some kinds there is none here.
          return parameter.in === 'header' && answer.status === 404 ? undefined : answer
        }))
    }

    for (const leaf of body ? leavesOf(body.schema, body.example) : []) {
      const name = leaf.path.join('.')
      it(`agrees with the server on ${name} of the body (O10)`, () =>
        agreeOn(`${id} ${name}`, leaf.schema, (value) =>
          send({ rig, ids, operation, body: leaf.bodyWith(value) }),
        ))
    }
  })
}

/** The server takes what the schema allows, and refuses what it does not allow. */
async function agreeOn(
  name: string,
  schema: Json,
  sendWith: (value: unknown) => Promise<Answer | undefined>,
): Promise<void> {
  const options = { numRuns: 8 }
  if (!contextual.includes(name)) {
    const taken = fc.asyncProperty(allowedBy(schema), async (value) => {
      const answer = await sendWith(value)
      if (answer === undefined) return
      const { status, body } = answer
      const isRefused = body.code === 'request_invalid' && !isFull(body)
      assert.ok(status < 500 && !isRefused, shown(value, body))
    })
    await fc.assert(taken, options)
  }
  if (!('type' in schema) && !('anyOf' in schema)) return
  const refused = fc.asyncProperty(refusedBy(schema), async (value) => {
    const answer = await sendWith(value)
    if (answer === undefined) return
    // A text that is too long for its member may also be too long for a body.
    const isTooLarge = answer.status === 413 && answer.body.code === 'body_too_large'
    assert.ok(answer.status === 400 || isTooLarge, shown(value, answer.body))
  })
  await fc.assert(refused, options)
}

type Sent = {
  readonly rig: Rig
  readonly ids: Readonly<Record<string, string>>
  readonly operation: DescribedOperation
  readonly parameters?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The request that the examples make, with these parameters and this body in place of theirs. */
function send({ rig, ids, operation, parameters: given = {}, body }: Sent): Promise<Answer> {
  const { method, path, parameters } = operation
  const textOf = ({ name, example }: Parameter) => given[name] ?? String(example)
  const collection = path.split('/')[1] ?? ''
  const inPath = parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce((filled, parameter) => {
      const value = given[parameter.name] ?? (parameter.name === 'id' ? ids[collection] : undefined)
      return filled.replace(`{${parameter.name}}`, encodeURIComponent(value ?? textOf(parameter)))
    }, path)
  const isWhole = Object.keys(given).length === 0 && body === undefined
  const query = parameters
    .filter(
      (parameter) =>
        parameter.in === 'query' && (isWhole || parameter.required || parameter.name in given),
    )
    .map((parameter) => [parameter.name, textOf(parameter)])
  const headers = parameters
    .filter((parameter) => parameter.in === 'header' && parameter.name in given)
    .map((parameter) => [parameter.name, textOf(parameter)])
  return ask(rig, `${inPath}?${new URLSearchParams(query)}`, {
    method,
    headers: Object.fromEntries(headers),
    ...(operation.body ? { body: body ?? operation.body.example } : {}),
  })
}

/** Records of each kind, so that what is sent comes as far as it can. */
async function populate(rig: Rig): Promise<Readonly<Record<string, string>>> {
  await rig.signIn(people.alice)
  const create = async (path: string, body: unknown) =>
    String((await ask(rig, path, { method: 'POST', body })).body.id)
  const organizations = await create('/organizations', { name: 'Contoso' })
  const { items } = (await ask(rig, '/memberships')).body as { items: readonly { id: string }[] }
  return {
    organizations,
    connections: await create('/connections', { organizationId: organizations }),
    domains: await create('/domains', { organizationId: organizations, name: 'contoso.net' }),
    webhooks: await create('/webhooks', { url: 'https://hooks.contoso.net/' }),
    memberships: items[0]?.id ?? '',
  }
}

function shown(value: unknown, answer: unknown): string {
  return `${JSON.stringify(answer)} to ${JSON.stringify(value).slice(0, 200)}`
}

/** A connection has room for ten credentials. */
function isFull({ parameter }: Json): boolean {
  return parameter === 'credentials'
}

/** Whether a program can send this value there at all. */
function isSendable(parameter: Parameter, value: unknown): boolean {
  const text = String(value)
  const isNumber = parameter.schema.type === 'integer' && /^-?(0|[1-9]\d*)$/.test(text)
  if (
    isDescribed(parameter.schema, value) !==
    isDescribed(parameter.schema, isNumber ? Number(text) : text)
  )
    return false
  if (parameter.in === 'query') return text.isWellFormed()
  if (parameter.in === 'path')
    return text.isWellFormed() && !/^\.{0,2}$/.test(text) && !text.includes('\0')
  return /^[!-~]([ -~]*[!-~])?$/.test(text)
}
