import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { afterCookies, exchangeAt, servicesWith } from '../../test/support/samples.ts'
import type { Deployment } from '../deployment.ts'
import {
  dropSelectAccountCookie,
  mustSelectAccount,
  selectAccountCookie,
} from './select-account.ts'

const HERE = new URL('https://sso.example.com')
const deployment = { cookiePrefix: 'entrada' } as Deployment // of which the name of a cookie needs the prefix alone
const services = servicesWith({ deployment })

describe('mustSelectAccount', () => {
  it('is not asked of a browser that comes for the first time', () => {
    assert.equal(mustSelectAccount(services, exchangeAt(HERE)), false)
    assert.deepEqual(dropSelectAccountCookie(services, exchangeAt(HERE)), [])
  })

  it('is asked after a refusal or a sign-out, until a sign-in succeeds', () => {
    const marked = afterCookies(new Map(), [selectAccountCookie(services, HERE)])
    assert.equal(mustSelectAccount(services, exchangeAt(HERE, marked)), true)
    const after = afterCookies(marked, dropSelectAccountCookie(services, exchangeAt(HERE, marked)))
    assert.equal(mustSelectAccount(services, exchangeAt(HERE, after)), false)
  })

  it('is forgotten with the browser, and says nothing about the person', () => {
    assert.equal(
      selectAccountCookie(services, HERE),
      '__Host-entrada-select-account=1; Path=/; HttpOnly; SameSite=Lax; Secure',
    )
  })
})
