/**
 * The contract of `storage.ts`, each promise as a sentence. Every implementation passes this suite, so it contains nothing about a
 * single database.
 */
import { afterEach, beforeEach, describe } from 'node:test'
import { describeApiKeys } from './conformance-api-keys.ts'
import { describeAtomicity } from './conformance-atomicity.ts'
import { describeChain } from './conformance-chain.ts'
import { describeConnectionPeople } from './conformance-connection-people.ts'
import { describeCounts } from './conformance-counts.ts'
import { describeDomains } from './conformance-domains.ts'
import { describeGrants } from './conformance-grants.ts'
import { describeHealth } from './conformance-health.ts'
import { describeOrganizations } from './conformance-organizations.ts'
import { describePeople } from './conformance-people.ts'
import { describePlans } from './conformance-plans.ts'
import { putDefaults } from './conformance-samples.ts'
import { describeSearches } from './conformance-search.ts'
import { describeSessions } from './conformance-sessions.ts'
import { describeSetup } from './conformance-setup.ts'
import { describeTrail } from './conformance-trail.ts'
import { describeUsernames } from './conformance-usernames.ts'
import { describeWebhooks } from './conformance-webhooks.ts'
import type { Storage } from './storage.ts'

/**
 * A new, empty database of mode `development`. `openAnother` opens the same database once more, as another replica would; `close`
 * closes all of them and removes it.
 */
export type OpenedStorage = {
  readonly storage: Storage
  openAnother(): Promise<Storage>
  close(): Promise<void>
}

/** The subject of a group of tests: a database of its own for each test, with the organization and connection `default`. */
export type Subject = { readonly storage: Storage; openAnother(): Promise<Storage> }

/** Runs the tests of our storages against another one. Call it from a file that `node --test` runs. */
export function storageConformance(name: string, open: () => Promise<OpenedStorage>): void {
  describe(`storage: ${name}`, () => {
    let opened: OpenedStorage | undefined
    const subject: Subject = {
      get storage() {
        return getOpened(opened).storage
      },
      openAnother: () => getOpened(opened).openAnother(),
    }

    beforeEach(async () => {
      opened = await open()
      await putDefaults(opened.storage)
    })
    afterEach(() => getOpened(opened).close())

    describeOrganizations(subject)
    describeHealth(subject)
    describeDomains(subject)
    describePeople(subject)
    describeUsernames(subject)
    describeConnectionPeople(subject)
    describeSearches(subject)
    describeSessions(subject)
    describeApiKeys(subject)
    describeGrants(subject)
    describeSetup(subject)
    describeTrail(subject)
    describeChain(subject)
    describeWebhooks(subject)
    describeCounts(subject)
    describePlans(subject)
    describeAtomicity(subject)
  })
}

function getOpened(opened: OpenedStorage | undefined): OpenedStorage {
  if (opened === undefined) throw new Error('the database of this test did not open')
  return opened
}
