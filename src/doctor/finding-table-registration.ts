import { platformRemedies } from '../errors/registration-facts.ts'
import { appRegistration } from '../identity-provider/entra/protocol/entra-error-table-entry.ts'
import type { FindingRows } from './finding.ts'

const authentication = `${appRegistration} > Authentication`

export const registrationFindings = {
  registered_as_spa: {
    severity: 'error',
    what: 'The redirect URI is registered as "Single-page application", not as "Web" (AADSTS{code}, {source}).',
    why: 'Entra gives the answer of such an address to browsers only, never to a server. Nobody can sign in.',
    fix: `In ${appRegistration} > ${platformRemedies.singlePage}`,
    whoCanFix: 'application_administrator',
  },
  registered_as_public: {
    severity: 'error',
    what: 'The redirect URI is registered for a mobile or desktop application, not as "Web" (AADSTS{code}, {source}).',
    why: 'Entra takes no credential from such applications. Nobody can sign in.',
    fix: `In ${appRegistration} > ${platformRemedies.publicClient}`,
    whoCanFix: 'application_administrator',
  },
  redirect_uris: {
    severity: 'info',
    what: 'These redirect URIs belong into the application, under "Web", to the letter:',
    why: 'Entra sends people back to a registered address only, and compares it exactly.',
    fix: `Nothing, where they are registered; else add them in ${authentication} > Web.`,
    whoCanFix: 'application_administrator',
  },
  logout_url: {
    severity: 'info',
    what: 'This is the front-channel logout URL of the application:',
    why: 'With it, who signs out at Microsoft is signed out here too. Whether it is registered cannot be found out from outside.',
    fix: `Enter it in ${authentication} > Front-channel logout URL. There is room for one; Entra takes https only.`,
    whoCanFix: 'application_administrator',
  },
  redirect_uri_registered: {
    severity: 'ok',
    what: '{redirectUri} is registered. Asked without cookies for a silent sign-in, Entra sent its refusal there, which it does for registered addresses only; whether it stands under "Web" this does not show.',
  },
  redirect_uri_not_registered: {
    severity: 'error',
    what: '{redirectUri} is not registered: asked for a sign-in that ends there, Entra showed AADSTS50011 on its own page.',
    why: 'Everybody who presses the button sees that page of Microsoft and does not come back.',
    fix: `Add exactly this address in ${authentication} > Web. Scheme, host, path and letter case all count.`,
    whoCanFix: 'application_administrator',
  },
  redirect_uri_registered_otherwise: {
    severity: 'error',
    what: '{redirectUri} is not registered, but {variant} is.',
    why: 'Entra compares to the letter: everybody who presses the button sees AADSTS50011 on a page of Microsoft.',
    fix: `In ${authentication} > Web, add {redirectUri}. If the other one is what people type, correct ENTRADA_SERVER_URL instead.`,
    whoCanFix: 'application_administrator',
  },
  redirect_uri_not_known: {
    severity: 'info',
    what: 'Whether {redirectUri} is registered could not be found out: {reason}.',
    why: 'If it is not, Entra shows AADSTS50011 on its own page, and Entrada never hears of it.',
    fix: `Compare with ${authentication}, or try a sign-in.`,
    whoCanFix: 'application_administrator',
  },
  sign_in_refused_by_entra: {
    severity: 'error',
    what: 'Entra shows AADSTS{code} on its own page when a sign-in starts: {name}.',
    why: '{whatHappened}',
    fix: '{remedy}',
    whoCanFix: 'application_administrator',
  },
} as const satisfies FindingRows
