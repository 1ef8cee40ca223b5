import { type ProviderErrorEntry, whoWords } from '../identity-provider/provider-errors.ts'
import type { Connection } from '../storage/records.ts'

/** Where the test was run, and the reader of its page. */
export type TestedConnection = {
  readonly application: Connection['application']
  readonly seenBy: 'customer' | 'operator'
}

/**
 * Explains a failed test: what to do, and who can do it. For an application of the connection's own, client id, directory and
 * credential are entered where the test was started; those of the shared application belong to the deployment.
 */
export function explainTestFailure(
  entry: ProviderErrorEntry | undefined,
  { application, seenBy }: TestedConnection,
): { readonly remedy?: string; readonly who?: string } {
  if (entry === undefined) return {}
  const { remedy, customerRemedy, whoCanFix } = entry
  if (whoCanFix !== 'operator') {
    return { remedy: customerRemedy ?? remedy, who: whoWords[whoCanFix] }
  }
  if (application === 'own') {
    return { remedy: customerRemedy ?? COMPARE, who: `you: ${WHERE[seenBy]} or in Entra` }
  }
  return { remedy: seenBy === 'operator' ? remedy : TELL, who: whoWords.operator }
}

const WHERE = { customer: 'on the set-up page', operator: 'on the page of the connection' }
const COMPARE =
  'Compare client ID, directory and credential with the application in Entra: App registrations > the application > Overview, and Certificates & secrets.'
const TELL = 'Send the code and the correlation id to whoever sent you the link.'
