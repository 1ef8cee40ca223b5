/** A sentence on the next page about what a form has done. Only its name is sent, in a cookie that the next page removes. */
import { cookieName, dropCookie, setCookie, withCookies } from '../../http/cookies.ts'
import { type Exchange, pathTo } from '../../http/exchange.ts'
import { redirect } from '../../http/responses.ts'
import type { Services } from '../../services.ts'

const sentences = {
  organization_created: 'The organization was created.',
  organization_saved: 'The organization was saved.',
  connection_created: 'The connection was created as a draft. Set it up, test it, and turn it on.',
  connection_saved: 'The connection was saved.',
  policies_saved: 'The policies were saved. They count from the next sign-in on.',
  rules_saved: 'The role rules were saved. Roles of rules that are gone were taken back at once.',
  connection_on: 'The connection is on: people can sign in through it.',
  connection_off:
    'The connection is off: nobody signs in through it any more. Sessions that are open go on.',
  secret_added: 'The client secret was added.',
  credential_active: 'The credential is used from now on.',
  credential_retired: 'The credential is kept, and no longer used.',
  credential_removed: 'The credential was removed for good.',
  setup_link_withdrawn: 'The link was withdrawn.',
  domain_added: 'The domain was added. Its record in DNS proves it.',
  domain_proven: 'The domain is proven.',
  domain_removed: 'The domain was removed.',
  user_disabled: 'The user was disabled, and their sessions ended.',
  user_enabled: 'The user may sign in again.',
  session_ended: 'The session was ended.',
  sessions_ended: 'All sessions were ended.',
} as const
export type Flash = keyof typeof sentences

const NAME = 'flash'
const MAX_AGE_SECONDS = 60

/** Redirects (303) to a page of ours that shows the sentence. */
export function done(
  services: Pick<Services, 'deployment'>,
  { here }: Pick<Exchange, 'here'>,
  { flash, to }: { readonly flash: Flash; readonly to: string },
): Response {
  const cookie = setCookie(cookieName(services, here, NAME), flash, {
    here,
    maxAgeSeconds: MAX_AGE_SECONDS,
  })
  return withCookies(redirect(pathTo(services, to)), [cookie])
}

/** Returns the sentence of the last form, and the `Set-Cookie` line that removes the cookie. */
export function readFlash(
  services: Pick<Services, 'deployment'>,
  { here, cookies }: Pick<Exchange, 'here' | 'cookies'>,
): { readonly sentence?: string; readonly cookies: readonly string[] } {
  const name = cookieName(services, here, NAME)
  const flash = cookies.get(name)
  if (flash === undefined) return { cookies: [] }
  const sentence = Object.hasOwn(sentences, flash) ? sentences[flash as Flash] : undefined // a key of the table
  return { ...(sentence ? { sentence } : {}), cookies: [dropCookie(name, here)] }
}
