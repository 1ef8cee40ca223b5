import { describe } from 'node:test'
import { people } from '../support/rig.ts'
import { checkPages, type PageToCheck } from './check-pages.ts'
import { refused, signedIn, to, type Way, withOperatorToken } from './ways.ts'

const pages: readonly PageToCheck[] = [
  { name: 'login', heading: 'Sign in', way: to('/login') },
  { name: 'login-signed-in', heading: 'Sign in', way: signedIn('/login') },
  { name: 'home', heading: /^Hello, /, way: signedIn('/') },
  { name: 'account', heading: 'Where you are signed in', way: signedIn('/account') },
  { name: 'sign-out', heading: 'Sign out?', way: signedIn('/auth/logout') },
  { name: 'signed-out', heading: 'You are signed out', way: to('/auth/logout') },
  { name: 'operator-sign-in', heading: 'Operator sign-in', way: to('/login/token') },
  {
    name: 'operators',
    heading: 'Overview',
    way: inOrder(refused(people.grace), signedIn('/'), withOperatorToken()),
  },
]

describe('every page', () => checkPages(pages))

describe('in development and without Entra, every page', () => {
  checkPages([{ name: 'login-not-set-up', heading: 'Sign in', way: to('/login') }], {
    mode: 'development',
    withoutEntra: true,
  })
})

function inOrder(...ways: readonly Way[]): Way {
  return async (rig, page) => {
    for (const way of ways) await way(rig, page)
  }
}
