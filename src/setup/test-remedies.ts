import { whoWords } from '../identity-provider/entra/explain-refusal.ts'
import type { EntraErrorEntry } from '../identity-provider/entra/protocol/entra-error-table.ts'
import { findOwn } from '../protocol/find-own.ts'
import type { Connection } from '../storage/records.ts'

/** What a customer's administrator does about Entra's numbers. The table of `protocol/` speaks to who runs the server. */
const remedies: Readonly<Record<number, string>> = {
  50011:
    'Add the redirect URI that the set-up page shows, letter by letter, under App registrations > the application > Authentication > Web.',
  50020:
    'Sign in with an account of the directory that is connected, or invite this one as a guest.',
  50105:
    'Enterprise apps > the application > Users and groups: assign the person, or a group they are a direct member of.',
  50194:
    'Enter the ID of your directory on the set-up page; the application is registered for one directory.',
  65001: 'App registrations > the application > API permissions > Grant admin consent.',
  65004: 'Nobody consented. Ask again, and press Accept.',
  90002:
    'Compare the directory on the set-up page with Entra ID > Overview, and check that the right cloud is chosen.',
  90094: 'An administrator has to consent: API permissions > Grant admin consent.',
  700016:
    'Compare client ID and directory on the set-up page with the Overview page of the application; the Object ID is something else.',
  700025:
    'The redirect URI is registered for a public client. Authentication: remove it there, and add it under Web.',
  700027:
    'Upload the certificate of the set-up page under Certificates & secrets > Certificates, and compare the thumbprint.',
  700211: 'Federated credentials: the issuer has to be exactly the one on the set-up page.',
  700212: 'Federated credentials: the audience has to be exactly the one on the set-up page.',
  700213: 'Federated credentials: the subject has to be exactly the one on the set-up page.',
  7000215:
    'Enter the secret again: the column Value, not “Secret ID”. If it is not shown any more, make a new one.',
  7000222: 'The secret has ended. Make a new one under Certificates & secrets, and enter it.',
  9002325:
    'Authentication: remove the redirect URI from “Single-page application”, and add it under Web.',
}

export function remedyOf(code: number): string | undefined {
  return findOwn(remedies, code)
}

/** What is wrong, as far as the number or the name of Entra's error is in a table. */
export type TestFailure = { readonly code?: number; readonly entry?: EntraErrorEntry }

/** Where the test was run, and for whom its page is. */
export type TestedConnection = {
  readonly application: Connection['application']
  readonly seenBy: 'customer' | 'operator'
}

/**
 * What to do about a failed test, and who does it. Of an application of the connection's own, client id, directory and credential are
 * entered where the test was started; of the shared one they are the deployment's.
 */
export function explainTestFailure(
  { code, entry }: TestFailure,
  { application, seenBy }: TestedConnection,
): { readonly remedy?: string; readonly who?: string } {
  if (entry === undefined) return {}
  const { remedy, whoCanFix } = entry
  const ownRemedy = code === undefined ? undefined : remedyOf(code)
  if (whoCanFix !== 'operator') return { remedy: ownRemedy ?? remedy, who: whoWords[whoCanFix] }
  if (application === 'own') {
    return { remedy: ownRemedy ?? COMPARE, who: `you: ${WHERE[seenBy]} or in Entra` }
  }
  return { remedy: seenBy === 'operator' ? remedy : TELL, who: whoWords.operator }
}

const WHERE = { customer: 'on the set-up page', operator: 'on the page of the connection' }
const COMPARE =
  'Compare client ID, directory and credential with the application in Entra: App registrations > the application > Overview, and Certificates & secrets.'
const TELL = 'Send the code and the correlation id to whoever sent you the link.'
