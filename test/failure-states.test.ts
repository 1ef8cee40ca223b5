/**
 * What goes wrong with a customer's sign-in (the failures that users of such systems meet), each brought about, and the page that answers
 * it. docs/failures.md shows the texts of the pages; a page with another text fails here.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { turnOff } from '../src/connections/change-connection.ts'
import type { RefusalFault } from '../src/emulator/faults.ts'
import type { Visit } from './support/browser.ts'
import {
  type Customer,
  type CustomerOptions,
  createCustomer,
  NORTHWIND,
  operator,
} from './support/customers.ts'
import { detailsOf, sentenceOf } from './support/refusals.ts'
import { CONTOSO, ENGINEERING, FABRIKAM, people, type Rig, SERVER_URL } from './support/rig.ts'
import { openRig, signInWithToken } from './support/steps.ts'

const guide = readFileSync('docs/failures.md', 'utf8')

type State = {
  /** Heading of its section in the guide. */
  readonly heading: string
  readonly status: number
  readonly code: string
  readonly customer?: CustomerOptions
  readonly person?: string
  /** Brings it about, before the person signs in. */
  readonly arrange?: (rig: Rig, customer: Customer) => Promise<unknown> | unknown
}

const groupRule = { id: 'r1', match: 'group', value: ENGINEERING, role: 'engineer' } as const
const roleRules = [groupRule]

const states: readonly State[] = [
  {
    heading: 'No administrator has consented',
    status: 403,
    code: 'authorization_refused',
    arrange: (rig) => refuse(rig, 'authorize', { error: 'access_denied', code: 90094 }),
  },
  {
    heading: 'Consent was given for some people only',
    status: 403,
    code: 'authorization_refused',
    arrange: (rig) => refuse(rig, 'authorize', { error: 'consent_required', code: 65001 }),
  },
  {
    heading: 'The person is not assigned to the application',
    status: 403,
    code: 'authorization_refused',
    arrange: ({ emulator }, { connection }) =>
      emulator.setApplication(connection.clientId, { assignmentRequired: true }),
  },
  {
    heading: 'The account is of another directory',
    status: 403,
    code: 'tenant_not_allowed',
    customer: { tenants: { kind: 'allow_list', tenantIds: [CONTOSO, NORTHWIND] } },
    person: people.frank,
    arrange: ({ emulator }, { connection }) =>
      emulator.setApplication(connection.clientId, {
        audience: 'multi_tenant',
        availableIn: [FABRIKAM],
      }),
  },
  {
    heading: 'The person is a guest',
    status: 403,
    code: 'guest_not_allowed',
    person: people.grace,
  },
  {
    heading: 'The redirect URI is registered under Single-page application',
    status: 502,
    code: 'token_request_refused',
    arrange: (rig) => refuse(rig, 'token', { error: 'invalid_request', code: 9002325 }),
  },
  {
    heading: 'The client secret has expired',
    status: 502,
    code: 'client_credentials_refused',
    arrange: ({ emulator }, { connection }) => emulator.expireSecret(connection.clientId),
  },
  {
    heading: 'The secret’s id was entered in place of its value',
    status: 502,
    code: 'client_credentials_refused',
    arrange: (rig) => refuse(rig, 'token', { error: 'invalid_client', code: 7000215 }),
  },
  {
    heading: 'More groups than fit into the token',
    status: 403,
    code: 'groups_not_known',
    customer: { roleRules, policies: { groupsOverage: 'refuse' } },
    person: people.dave,
  },
  {
    heading: 'Microsoft Graph does not answer',
    status: 403,
    code: 'groups_not_known',
    customer: { roleRules, policies: { groupsOverage: 'graph' } },
    person: people.dave,
    arrange: ({ emulator }) =>
      emulator.setFault({ kind: 'status', on: 'graph', status: 503, times: 9 }),
  },
  {
    heading: 'Entra sends no groups, and rules need them',
    status: 403,
    code: 'groups_claim_missing',
    customer: { roleRules, policies: { unmatched: { kind: 'refuse' } } },
    person: people.alice,
    arrange: ({ emulator }, { connection }) =>
      emulator.setApplication(connection.clientId, { groupMembershipClaims: 'None' }),
  },
  {
    heading: 'No role rule matches',
    status: 403,
    code: 'no_role_matched',
    customer: { roleRules, policies: { unmatched: { kind: 'refuse' } } },
    person: people.bob,
  },
  {
    heading: 'The connection is turned off',
    status: 403,
    code: 'connection_off',
    arrange: ({ services }, { connection }) => turnOff(services, operator, connection.id),
  },
  {
    heading: 'The person was disabled here',
    status: 403,
    code: 'user_disabled',
    arrange: async ({ services }, { signIn }) => {
      await signIn(people.alice)
      const { items } = await services.storage.listUsers({ limit: 9 })
      await services.storage.atomically(async (transaction) => {
        for (const { user } of items) {
          await transaction.setUserStatus(user.id, 'disabled', services.now())
        }
      })
    },
  },
  {
    heading: 'Only people who were created beforehand may come in',
    status: 403,
    code: 'user_not_known',
    customer: { policies: { provisioning: 'existing' } },
  },
  {
    heading: 'Microsoft cannot be reached',
    status: 502,
    code: 'provider_unreachable',
    arrange: ({ emulator }) =>
      emulator.setFault({ kind: 'status', on: 'token', status: 503, times: 9 }),
  },
]

describe('docs/failures.md', () => {
  for (const state of states) {
    it(`shows the page of “${state.heading}” as it is`, async (t) => {
      const { visit } = await meet(t, state)
      const { response, text } = visit
      const details = detailsOf(text)
      assert.deepEqual([response.status, details.Code], [state.status, state.code])
      const section = sectionOf(state.heading)
      for (const sentence of [sentenceOf(text), state.code, details['What to do'] ?? '']) {
        assert.ok(
          section.includes(plain(sentence)),
          `${state.heading}: the page says “${plain(sentence)}”`,
        )
      }
    })
  }

  it('has a section for each of these states, and none for others', () => {
    const headings = [...guide.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)
    assert.deepEqual(
      headings,
      states.map(({ heading }) => heading),
    )
  })

  it('says truly that an expired secret locks nobody out of the repair', async (t) => {
    const expired = states.find(({ heading }) => heading === 'The client secret has expired')
    assert.ok(expired)
    const { rig, customer } = await meet(t, expired)
    const browser = rig.browser()
    assert.equal((await signInWithToken(browser, SERVER_URL)).status, 303)
    rig.emulator.setSecret(customer.connection.clientId, customer.secret)
    assert.equal((await customer.signIn(people.alice)).response.status, 200)
  })
})

async function meet(
  t: TestContext,
  { customer: options = {}, person = people.alice, arrange }: State,
): Promise<{ readonly visit: Visit; readonly rig: Rig; readonly customer: Customer }> {
  const rig = await openRig(t)
  const customer = await createCustomer(rig, options)
  await arrange?.(rig, customer)
  return { rig, customer, visit: await customer.signIn(person) }
}

function refuse(
  { emulator }: Rig,
  on: RefusalFault['on'],
  said: Pick<RefusalFault, 'error' | 'code'>,
): void {
  emulator.setFault({ kind: 'oauth_error', on, ...said })
}

/** One section of the guide, its line breaks and marks taken out. */
function sectionOf(heading: string): string {
  const [, section = ''] = guide.split(`### ${heading}\n`)
  return plain(section.split(/^##/m)[0] ?? '')
}

function plain(text: string): string {
  return text.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim()
}
