import { describe } from 'node:test'
import { people } from '../support/rig.ts'
import { checkPages, type PageToCheck } from './check-pages.ts'
import { pick } from './steps.ts'
import { refused, signedIn, to, type Way } from './ways.ts'

const microsoftSignOut: Way = async (rig, page) => {
  await signedIn('/')(rig, page)
  rig.emulator.signInAutomaticallyAs(undefined)
  await page.goto(new URL('/organizations/oauth2/v2.0/logout', rig.entraUrl).href)
}

const pages: readonly PageToCheck[] = [
  { name: 'picker', heading: 'Pick an account', way: to('/auth/entra/login') },
  { name: 'entra-refusal', heading: /trouble signing you in/, way: refused(people.carol) },
  { name: 'entra-sign-out', heading: 'Pick an account', way: microsoftSignOut },
  {
    name: 'entra-signed-out',
    heading: /You signed out of your account/,
    async way(rig, page) {
      await microsoftSignOut(rig, page)
      await pick(page, people.alice)
    },
  },
  {
    name: 'entra-front-page',
    heading: 'A small Entra ID',
    way: async (rig, page) => void (await page.goto(rig.entraUrl.href)),
  },
]

describe('every page of the emulator', () => checkPages(pages))
