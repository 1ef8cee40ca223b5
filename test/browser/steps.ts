/** What a person does with mouse and eyes, for the walks. */
import type { Page } from 'playwright-core'
import type { BrowserRig } from './browser-rig.ts'

export const BUTTON = 'Sign in with Microsoft Entra ID'

export async function pressSignIn(page: Page): Promise<void> {
  await page.getByRole('link', { name: BUTTON }).click()
}

/** Chooses an account on the page of the other site. */
export async function pick(page: Page, userPrincipalName: string): Promise<void> {
  await seePicker(page)
  await page.getByRole('button', { name: userPrincipalName }).click()
}

export async function seePicker(page: Page): Promise<void> {
  await page.waitForURL(({ hostname }) => hostname === 'login.entra.localhost')
  await see(page, 'Pick an account')
}

/** From nothing to the home page. */
export async function signIn(
  rig: BrowserRig,
  page: Page,
  userPrincipalName: string,
): Promise<void> {
  await page.goto(new URL('/login', rig.serverUrl).href)
  await pressSignIn(page)
  await pick(page, userPrincipalName)
  await see(page, /^Hello, /)
}

/** Waits until the page has this heading. */
export async function see(page: Page, heading: string | RegExp): Promise<void> {
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
}

/** Presses the button with these words. */
export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
}

/** Opens an address of ours. */
export async function open(rig: BrowserRig, page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, rig.serverUrl).href)
}

/** Everything a person can read on the page. */
export function words(page: Page): Promise<string> {
  return page.locator('main').innerText()
}
