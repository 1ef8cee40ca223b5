/** Ways to a page, for the checks of every page. */
import type { Page } from 'playwright-core'
import { OPERATOR_TOKEN, people } from '../support/rig.ts'
import type { BrowserRig } from './browser-rig.ts'
import { open, press, see } from './steps.ts'

export type Way = (rig: BrowserRig, page: Page) => Promise<void>

export const to =
  (path: string): Way =>
  (rig, page) =>
    open(rig, page, path)

export const signedIn =
  (path: string): Way =>
  async (rig, page) => {
    rig.emulator.signInAutomaticallyAs(people.alice)
    await open(rig, page, '/auth/entra/login')
    await see(page, /^Hello, /)
    await open(rig, page, path)
  }

/** A sign-in of a user who is refused. */
export const refused =
  (userPrincipalName: string): Way =>
  async (rig, page) => {
    rig.emulator.signInAutomaticallyAs(userPrincipalName)
    await open(rig, page, '/auth/entra/login')
  }

/** A sign-in that Entra itself refuses, with one of its numbers. */
export const refusedByEntra =
  (error: string, code: number): Way =>
  async (rig, page) => {
    rig.emulator.setFault({ kind: 'oauth_error', on: 'authorize', error, code })
    await open(rig, page, '/auth/entra/login')
  }

export const withOperatorToken =
  (operatorToken = OPERATOR_TOKEN): Way =>
  async (rig, page) => {
    await open(rig, page, '/login/token')
    await page.getByLabel('Operator token').fill(operatorToken)
    await press(page, 'Sign in')
  }
