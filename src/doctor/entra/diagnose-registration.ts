import { explainEntraError } from '../../identity-provider/entra/protocol/explain-entra-error.ts'
import type { Facts, RedirectUriFacts } from '../facts.ts'
import { type Finding, newFinding } from '../finding.ts'
import { seenIn } from '../seen.ts'
import { entraCodes } from './entra-codes.ts'

const NOT_REGISTERED = 50011
const APPLICATION_UNKNOWN = 700016
/** Numbers of Entra for a server that redeems a code for a redirect URI of another platform. */
const ONLY_BROWSERS: readonly number[] = [9002325, 9002326, 9002327]
const ONLY_PUBLIC: readonly number[] = [700025, 90023]

/** Judges redirect URIs and platform of the application registration. */
export function diagnoseRegistration(facts: Facts): readonly Finding[] {
  const { redirectUris = [], settings } = facts
  return [
    ...(settings?.hasEntra ? toRegister(settings.publicOrigins) : []),
    ...redirectUris.flatMap(registered),
    ...platform(facts),
  ]
}

function toRegister(origins: readonly string[]): readonly Finding[] {
  const [first] = origins
  if (first === undefined) return []
  const redirectUris = origins.map((origin) => `${origin}/auth/entra/callback`)
  return [
    newFinding('redirect_uris', {}, redirectUris),
    newFinding('logout_url', {}, [`${first}/auth/entra/frontchannel-logout`]),
  ]
}

function registered({ redirectUri, answer, registeredVariant }: RedirectUriFacts) {
  switch (answer.kind) {
    case 'registered':
      return [newFinding('redirect_uri_registered', { redirectUri })]
    case 'not_known':
      return [newFinding('redirect_uri_not_known', { redirectUri, reason: answer.reason })]
    case 'shown':
      if (answer.code === NOT_REGISTERED) {
        return registeredVariant === undefined
          ? [newFinding('redirect_uri_not_registered', { redirectUri })]
          : [
              newFinding('redirect_uri_registered_otherwise', {
                redirectUri,
                variant: registeredVariant,
              }),
            ]
      }
      // The token endpoint returns the same error, which is reported under `credential`.
      return answer.code === APPLICATION_UNKNOWN ? [] : [shown(answer.code)]
  }
}

function shown(code: number): Finding {
  const entry = explainEntraError(code)
  return newFinding('sign_in_refused_by_entra', {
    code,
    name: entry?.name ?? 'an error that is not in our table',
    whatHappened: entry?.whatHappened ?? 'Users who start a sign-in do not come back.',
    remedy: entry?.remedy ?? `Look up https://login.microsoftonline.com/error?code=${code}`,
  })
}

/** Reports the wrong platform, from an error of the token endpoint just now or in one of the last sign-ins. */
function platform(facts: Facts): readonly Finding[] {
  const now = (facts.credentials ?? []).flatMap(({ tried }) =>
    tried.kind === 'refused' || tried.kind === 'not_tried' ? (tried.entra?.codes ?? []) : [],
  )
  const traces = seenIn(facts)?.traces ?? []
  const lastGood = traces.findIndex(({ outcome }) => outcome === 'signed_in')
  // A refusal before the last successful sign-in has been repaired since.
  const before = traces.slice(0, lastGood === -1 ? undefined : lastGood).flatMap(entraCodes)
  return (
    [
      ['registered_as_spa', ONLY_BROWSERS],
      ['registered_as_public', ONLY_PUBLIC],
    ] as const
  ).flatMap(([id, codes]) => {
    const recentCode = now.find((code) => codes.includes(code))
    if (recentCode !== undefined)
      return [newFinding(id, { code: recentCode, source: 'returned by Entra just now' })]
    const once = before.find((code) => codes.includes(code))
    return once === undefined
      ? []
      : [newFinding(id, { code: once, source: 'returned by Entra in a recent sign-in' })]
  })
}
