/** Opens applications on other hosts without a session: their proxy has to ask Entrada first. */
import { type Answered, type AskContext, ask } from './ask.ts'
import type { ApplicationFacts } from './facts.ts'

/** Opens an application without a session and returns whether it asks for a sign-in. */
export async function probeGuard(
  context: AskContext,
  origin: string,
  publicOrigins: readonly string[],
): Promise<ApplicationFacts> {
  const answer = await ask(context, `${origin}/`)
  if (answer.kind === 'failed') return { origin, answer: { kind: 'unreachable', failure: answer } }
  const { status } = answer
  if (isGuarded(answer, publicOrigins)) return { origin, answer: { kind: 'guarded' } }
  const isFailing = status === 400 || status === 421 || status >= 500
  return { origin, answer: { kind: isFailing ? 'failing' : 'open', status } }
}

/** Whether the answer is a refusal, or a redirect to a login page of Entrada. */
function isGuarded({ status, headers }: Answered, publicOrigins: readonly string[]): boolean {
  if (status === 401 || status === 403) return true
  if (status < 300 || status >= 400) return false
  const target = URL.parse(headers.location ?? '')
  return (
    target !== null && publicOrigins.includes(target.origin) && /\/login$/.test(target.pathname)
  )
}
