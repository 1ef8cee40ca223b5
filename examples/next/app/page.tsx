import { getSession } from 'entrada/next'
import { headers } from 'next/headers'
import { entrada } from '../entrada.ts'

export default async function Home() {
  const session = await getSession(entrada, await headers())
  if (session === undefined) return <a href="/sso/login?return_to=/">Sign in</a>
  return (
    <p>
      Hello {session.membership.displayName}. <a href="/sso/auth/logout">Sign out</a>
    </p>
  )
}
