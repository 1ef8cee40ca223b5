/** Leads from an email, a short name or a directory to the connection, and on to Entra. */
import { type Exchange, pathTo } from '../http/exchange.ts'
import { checkSameOrigin, readForm, single } from '../http/form.ts'
import { redirect } from '../http/responses.ts'
import { parseWorkEmail } from '../protocol/domain-name.ts'
import type { Services } from '../services.ts'
import { findByIssuer, findBySlug, findByText } from './find-connection.ts'
import { choicePage, goOnPage, organizationPage } from './find-page.ts'
import { parseReturnTo } from './return-to.ts'
import { startWith } from './sign-in.ts'

const MAX_TYPED_LENGTH = 320
/** The maximum length of each parameter that another site sends. */
const MAX_PARAMETER_LENGTH = 1024

/**
 * Answers POST /login: `who` is what the user typed, `connection` what they chose next. It is a form, so that no address of ours
 * contains an email.
 */
export async function findSignIn(services: Services, exchange: Exchange): Promise<Response> {
  checkSameOrigin(exchange)
  const form = await readForm(exchange)
  const returnTo = parseReturnTo(single(form, 'return_to'), exchange.here, services.deployment)
  const typed = (single(form, 'who') ?? '').trim().slice(0, MAX_TYPED_LENGTH)
  const chosen = single(form, 'connection')
  const found = await (chosen ? findBySlug(services, chosen) : findByText(services, typed))
  const start = { returnTo, ...(typed ? { typed } : {}) }
  if (found.kind === 'several') return choicePage(services, found.connections, start)
  if (found.kind === 'none') return organizationPage(services, exchange, { ...start, typed })
  const loginHint = parseWorkEmail(typed)?.address
  const { connection } = found
  return goOnPage(
    services,
    await startWith(services, exchange, { connection, returnTo, loginHint }),
  )
}

/** Answers GET /login/organization, when the connection could not be determined. */
export async function showOrganizationQuestion(
  services: Pick<Services, 'deployment'>,
  exchange: Exchange,
): Promise<Response> {
  const sentReturnTo = single(exchange.url.searchParams, 'return_to')
  const returnTo = parseReturnTo(sentReturnTo, exchange.here, services.deployment)
  return organizationPage(services, exchange, { returnTo })
}

/**
 * Answers GET /login/initiate: another site sends a user here to sign in. An ordinary sign-in starts, bound to this browser; a user
 * who is signed in stays so until it is completed.
 *
 * @see OpenID Connect Core §4
 */
export async function initiateSignIn(services: Services, exchange: Exchange): Promise<Response> {
  const { searchParams } = exchange.url
  const loginHint = single(searchParams, 'login_hint')
  const returnTo = parseTarget(services, exchange, single(searchParams, 'target_link_uri'))
  const found = await findByIssuer(services, single(searchParams, 'iss') ?? '', loginHint)
  if (found.kind === 'one') {
    return startWith(services, exchange, { connection: found.connection, returnTo, loginHint })
  }
  const query = returnTo === '/' ? '' : `?${new URLSearchParams({ return_to: returnTo })}`
  return redirect(pathTo(services, '/login/organization') + query)
}

/**
 * Answers POST /login/initiate from a form of another site. Such a request carries none of our cookies, so it only redirects to the
 * GET, which does, and can see which attempts this browser has.
 */
export async function initiateSignInByPost(
  services: Pick<Services, 'deployment'>,
  exchange: Exchange,
): Promise<Response> {
  const form = await readForm(exchange)
  const query = new URLSearchParams()
  for (const name of ['iss', 'login_hint', 'target_link_uri']) {
    const value = single(form, name)
    if (value !== undefined && value.length <= MAX_PARAMETER_LENGTH) query.set(name, value)
  }
  return redirect(`${pathTo(services, '/login/initiate')}?${query}`)
}

/** A complete address of ours counts like its path. */
function parseTarget(
  { deployment }: Pick<Services, 'deployment'>,
  { here }: Exchange,
  target: string | undefined,
): string {
  const isWhole = target?.startsWith(`${here.origin}/`)
  return parseReturnTo(isWhole ? target?.slice(here.origin.length) : target, here, deployment)
}
