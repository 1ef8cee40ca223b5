import { appRegistration, platformRemedies } from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

const authentication = `${appRegistration} > Authentication`

export const registrationFindings = {
  registered_as_spa: {
    severity: 'error',
    what: 'The redirect URI is registered as "Single-page application", not as "Web" (AADSTS{code}, {source}).',
    why: 'For such a redirect URI Entra accepts token requests only from browsers, not from a server. All sign-ins fail.',
    fix: `In ${appRegistration} > ${platformRemedies.singlePage}`,
    whoCanFix: 'application_administrator',
  },
  registered_as_public: {
    severity: 'error',
    what: 'The redirect URI is registered for a mobile or desktop application, not as "Web" (AADSTS{code}, {source}).',
    why: 'Entra accepts no credential from such applications. All sign-ins fail.',
    fix: `In ${appRegistration} > ${platformRemedies.publicClient}`,
    whoCanFix: 'application_administrator',
  },
  redirect_uris: {
    severity: 'info',
    what: 'The application needs exactly these redirect URIs, under "Web":',
    why: 'Entra redirects only to registered addresses, and compares them exactly.',
    fix: `Nothing, if they are registered. Otherwise add them in ${authentication} > Web.`,
    whoCanFix: 'application_administrator',
  },
  logout_url: {
    severity: 'info',
    what: 'This is the front-channel logout URL of the application:',
    why: 'With it, users who sign out at Microsoft are signed out here too. Entrada cannot check whether it is registered.',
    fix: `Enter it in ${authentication} > Front-channel logout URL. Entra accepts one URL, with https only.`,
    whoCanFix: 'application_administrator',
  },
  redirect_uri_registered: ok(
    '{redirectUri} is registered. Entra refused a silent sign-in without cookies by redirecting there, which it does only for registered addresses. This does not show whether it is registered under "Web".',
  ),
  redirect_uri_not_registered: {
    severity: 'error',
    what: '{redirectUri} is not registered: for a sign-in with this redirect URI, Entra showed AADSTS50011 on its own page.',
    why: 'Users who start a sign-in see that page of Microsoft and do not come back.',
    fix: `Add exactly this address in ${authentication} > Web. Scheme, host, path and letter case all count.`,
    whoCanFix: 'application_administrator',
  },
  redirect_uri_registered_otherwise: {
    severity: 'error',
    what: '{redirectUri} is not registered, but {variant} is.',
    why: 'Entra compares exactly: users who start a sign-in see AADSTS50011 on a page of Microsoft.',
    fix: `In ${authentication} > Web, add {redirectUri}. If users type the other address, correct ENTRADA_SERVER_URL instead.`,
    whoCanFix: 'application_administrator',
  },
  redirect_uri_not_known: {
    severity: 'info',
    what: 'It could not be checked whether {redirectUri} is registered: {reason}.',
    why: 'If it is not, Entra shows AADSTS50011 on its own page, and Entrada is not notified.',
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
