/** A field of a connection is one row: what is added to a copy of the table is found wherever fields are read. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as v from 'valibot'
import { connectionFieldsPage } from '../scripts/reference-pages.ts'
import { factRows } from '../src/admin/pages/connection-page.ts'
import { policyRows } from '../src/admin/pages/connection-policies.ts'
import { settingInputs } from '../src/admin/pages/connection-settings.ts'
import { fieldFacts, fieldInput, readFields } from '../src/admin/pages/field-form.ts'
import type { FormPlace } from '../src/admin/pages/form-parts.ts'
import type { Viewer } from '../src/admin/pages/page-access.ts'
import { openApiDocument } from '../src/api/openapi.ts'
import { organizationJson } from '../src/api/resources/organizations.ts'
import { configurationText } from '../src/apply/export.ts'
import { connectionOptions, fieldLines } from '../src/cli/connection-options.ts'
import { checkFieldRights } from '../src/connections/check-field-rights.ts'
import { choiceOf, wholeNumberOf } from '../src/connections/connection-field.ts'
import { connectionFields } from '../src/connections/connection-fields.ts'
import {
  changeableJson,
  connectionJson,
  fieldsJson,
  normalizedChange,
  toConnectionMembers,
} from '../src/connections/connection-json.ts'
import { providerKey } from '../src/connections/connection-providers.ts'
import { sentMembers, shownMembers } from '../src/connections/connection-schema.ts'
import { identifyingValues } from '../src/connections/directory-fingerprint.ts'
import { settingsOf } from '../src/connections/environment-connection.ts'
import { changedSinceVerified } from '../src/connections/verified-with.ts'
import { admittance } from '../src/connections/write-connection.ts'
import { isEntradaError } from '../src/errors/errors.ts'
import { strictObject } from '../src/protocol/strict-object.ts'
import { connectionSettings } from '../src/settings/connection-settings.ts'
import { askedInputs, askedPatch } from '../src/setup/asked-fields.ts'
import type { Connection } from '../src/storage/records.ts'
import { createCustomer } from './support/customers.ts'
import type { Rig } from './support/rig.ts'
import { openRig } from './support/steps.ts'

/** The table with a setting and a policy more. */
const fields = {
  connection: connectionFields.connection,
  policies: {
    ...connectionFields.policies,
    weekends: {
      ...choiceOf({ allow: 'may sign in', refuse: 'are refused' }),
      default: 'allow',
      label: 'People at weekends',
      help: 'Whether people may sign in at weekends.',
      option: 'weekends',
      may: 'organization',
      decidesAdmission: true,
    },
  },
  settings: {
    ...connectionFields.settings,
    seats: {
      ...wholeNumberOf({ from: 1, to: 500, unit: 'of seats' }),
      label: 'Seats',
      unset: 'any number',
      help: 'How many people may sign in.',
      env: 'ENTRADA_ENTRA_SEATS',
      libraryOption: 'seats',
      option: 'seats',
      may: 'operator',
      makesNewProvider: true,
      identifies: true,
      verifiesAnswers: true,
      askedAtSetUpAs: 'seats',
    },
  },
} as const

const sentSchema = strictObject(sentMembers(fields))
/** What a client of the API may send: the compiler knows the added fields. */
const sent: v.InferInput<typeof sentSchema> = {
  tenant: '0a000000-0000-4000-8000-000000000001',
  policies: { weekends: 'refuse' },
  settings: { seats: 20 },
}

async function organizationOf({ services }: Rig, { organizationId }: Connection) {
  const organization = await services.storage.findOrganization(organizationId)
  assert.ok(organization)
  return organization
}

/** A connection whose record has the added members too. */
function withAdded(connection: Connection): Connection {
  const policies = { ...connection.policies, weekends: 'refuse' }
  return { ...connection, policies, settings: { ...connection.settings, seats: 20 } } as Connection // has more than its type
}

describe('a field that is added to the table', () => {
  it('is in the schemas of the API, with its limits', () => {
    assert.deepEqual(v.parse(sentSchema, sent), sent)
    assert.equal(v.is(sentSchema, { settings: { seats: 501 } }), false)
    assert.equal(v.is(sentSchema, { policies: { weekends: 'maybe' } }), false)
    const { settings, policies } = shownMembers(fields)
    assert.deepEqual(settings.entries.seats, fields.settings.seats.shown)
    assert.deepEqual(policies.entries.weekends, fields.policies.weekends.shown)
  })

  it('is in the OpenAPI document, which the typed client is described by', () => {
    const document = openApiDocument(
      { operations: [], schemas: { ConnectionChange: sentSchema } },
      'https://sso.example.com',
    )
    const text = JSON.stringify(document)
    assert.match(text, /"seats":\{[^}]*"minimum":1,"maximum":500/)
    assert.match(text, /How many people may sign in\./)
    assert.match(text, /"weekends":\{[^}]*"enum":\["allow","refuse"\]/)
  })

  it('goes from JSON to the record and back, and has its default', async (t) => {
    const { services } = await openRig(t)
    const members = toConnectionMembers(services, sent, undefined, fields)
    const { seats, weekends } = { ...members.settings, ...members.policies } as Record<
      string,
      unknown
    >
    assert.deepEqual([seats, weekends], [20, 'refuse'])
    const back = fieldsJson(fields, { ...members, name: 'Contoso' })
    assert.partialDeepStrictEqual(back, {
      policies: { weekends: 'refuse' },
      settings: { seats: 20 },
    })
    const byDefault = fieldsJson(fields, {
      ...toConnectionMembers(services, {}, undefined, fields),
      name: 'Contoso',
    })
    assert.partialDeepStrictEqual(byDefault, {
      policies: { weekends: 'allow' },
      settings: { seats: null },
    })
  })

  it('is compared by `entrada apply`, and written by `entrada export`', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    assert.partialDeepStrictEqual(normalizedChange(sent, fields), {
      policies: { weekends: 'refuse' },
      settings: { seats: 20 },
    })
    const json = connectionJson(rig.services, connection)
    const shown = { ...json, ...fieldsJson(fields, withAdded(connection)) }
    assert.partialDeepStrictEqual(changeableJson(shown, fields), {
      policies: { weekends: 'refuse' },
      settings: { seats: 20 },
    })
    const owner = organizationJson(await organizationOf(rig, connection))
    const file = configurationText([owner], [shown])
    assert.match(file, /weekends: refuse/)
    assert.match(file, /seats: 20/)
  })

  it('is an option of the command line, and a line of what it prints', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const { seats, weekends } = connectionOptions(fields)
    assert.equal(seats?.sentAs, 'settings.seats')
    assert.match(weekends?.help ?? '', /at weekends\. \(allow, refuse\)/)
    const context = {} as Parameters<NonNullable<typeof seats.read>>[1] // not read
    assert.equal(seats?.read?.('20', context), 20)
    assert.equal(seats?.read?.('none', context), null)
    const json = connectionJson(rig.services, connection)
    const lines = fieldLines({ ...json, ...fieldsJson(fields, withAdded(connection)) }, fields)
    assert.deepEqual(
      lines.filter(([label]) => ['seats', 'weekends'].includes(label)),
      [
        ['weekends', 'refuse'],
        ['seats', '20'],
      ],
    )
  })

  it('is a fact and an input under /admin', async (t) => {
    const rig = await openRig(t)
    const connection = withAdded((await createCustomer(rig)).connection)
    const viewer = { may: () => true } as unknown as Viewer // an operator, of whom no more is asked
    const place: FormPlace = { services: rig.services, viewer }
    const facts = fieldFacts(rig.services.deployment, factRows(fields), connection)
    assert.deepEqual(facts.at(-1), ['Seats', '20'])
    const inputs = String(await settingInputs(place, connection, fields))
    assert.match(inputs, /<input id="seats" name="seats" type="number" value="20"/)
    const [policy] = policyRows(fields).filter(({ path }) => path === 'policies.weekends')
    assert.ok(policy)
    assert.match(
      String(await fieldInput(place, policy, connection)),
      /<option value="refuse" selected>are refused<\/option>/,
    )
    const form = new URLSearchParams({ weekends: 'allow' })
    assert.deepEqual(readFields([policy], form).policies, { weekends: 'allow' })
  })

  it('is asked on the set-up page where its row says so', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const typed = new URLSearchParams({ seats: '30', weekends: 'allow' })
    const inputs = String(await askedInputs(connection, { typed }, fields))
    assert.match(inputs, /<input id="seats" name="seats" type="number" value="30"/)
    assert.doesNotMatch(inputs, /weekends/)
    assert.deepEqual(askedPatch(typed, fields), { policies: {}, settings: { seats: 30 } })
  })

  it('is a setting of the environment and an option of the library', () => {
    const settings: ReturnType<typeof connectionSettings> & Readonly<Record<string, unknown>> =
      connectionSettings(fields)
    const seats = settings.entraSeats as typeof settings.entraRecheckMinutes // which is of the same kind
    assert.equal(seats.env, 'ENTRADA_ENTRA_SEATS')
    assert.equal(seats.option, 'entra.seats')
    assert.equal(seats.value.fromText('20'), 20)
    assert.throws(
      () => seats.value.fromText('501'),
      /must be a whole number of seats from 1 to 500/,
    )
    assert.deepEqual(settingsOf(fields, { seats: 20 }), { seats: 20 })
  })

  it('has the rights and the effects that its row names', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const added = withAdded(connection)
    assert.notEqual(providerKey(added, fields), providerKey(connection, fields))
    assert.notDeepEqual(admittance(added, fields), admittance(connection, fields))
    assert.equal(identifyingValues(added, fields).at(-1), 20)
    assert.equal(changedSinceVerified(connection, added, fields), 'settings.seats')
    assert.equal(changedSinceVerified(connection, added), undefined)
    const change = { after: added, before: connection }
    const { deployment } = rig.services
    checkFieldRights(deployment, { ...change, isOperator: true }, fields)
    assert.throws(
      () => checkFieldRights(deployment, { ...change, isOperator: false }, fields),
      (error) => isEntradaError(error) && error.code === 'access_not_granted',
    )
  })

  it('of another kind of identity provider is on no page, and is refused where it is sent', async (t) => {
    const rig = await openRig(t)
    const { services } = rig
    const { connection } = await createCustomer(rig)
    const others = {
      ...fields,
      settings: { ...fields.settings, seats: { ...fields.settings.seats, kinds: [] } },
    }
    const facts = fieldFacts(services.deployment, factRows(others), withAdded(connection))
    assert.ok(!facts.some(([label]) => label === 'Seats'))
    const unsent = { ...sent, settings: {} }
    assert.ok(toConnectionMembers(services, unsent, connection, others))
    assert.throws(
      () => toConnectionMembers(services, sent, connection, others),
      (error) => isEntradaError(error) && error.detail.parameter === 'settings.seats',
    )
  })

  it('is a row of the reference', () => {
    const page = connectionFieldsPage(fields)
    assert.match(
      page,
      /\| `settings\.seats` \| none \| operators \| `--seats` \| `ENTRADA_ENTRA_SEATS` \| How many/,
    )
    assert.match(page, /\| `policies\.weekends` \| `allow` \| the organization \|/)
  })
})

describe('the rows of a connection', () => {
  it('say of every hash that is stored the same as before there were rows', async (t) => {
    const rig = await openRig(t)
    const { connection } = await createCustomer(rig)
    const { authority, tenants, application, clientId } = connection
    assert.deepEqual(identifyingValues(connection), [authority, tenants, application, clientId])
  })
})

describe('a field with a variable', () => {
  it('also has an option of the library, by which both are read', () => {
    const { connection, policies, settings } = connectionFields
    const rows = Object.entries({ ...connection, ...policies, ...settings })
    const withVariable = rows.filter(([, field]) => 'env' in field && field.env !== undefined)
    assert.ok(withVariable.length > 5)
    for (const [name, field] of withVariable) assert.ok('libraryOption' in field, name)
  })
})
