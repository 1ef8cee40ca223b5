import { describe } from 'node:test'
import { people } from '../support/rig.ts'
import { checkPages, type PageToCheck } from './check-pages.ts'
import { refused, refusedByEntra, signedIn, to, withOperatorToken } from './ways.ts'

const strangersCallback = '/auth/entra/callback?state=somebody-elses&code=c'

const pages: readonly PageToCheck[] = [
  { name: 'error-guest', heading: 'No access', way: refused(people.grace) },
  {
    name: 'error-explained',
    heading: 'No access',
    way: refusedByEntra('interaction_required', 50105),
  },
  { name: 'error-not-yours', heading: 'That did not work', way: to(strangersCallback) },
  { name: 'error-over', heading: 'You are signed in', way: signedIn(strangersCallback) },
  { name: 'error-not-found', heading: 'Not found', way: to('/nothing-here') },
  { name: 'error-operators-only', heading: 'No access', way: signedIn('/admin') },
  { name: 'error-operator-token', heading: 'No access', way: withOperatorToken('wrong') },
  {
    name: 'error-busy',
    heading: 'Not available right now',
    way: refusedByEntra('temporarily_unavailable', 90033),
  },
]

describe('every page of a refusal', () => checkPages(pages))
