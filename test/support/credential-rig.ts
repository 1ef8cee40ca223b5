/** Steps of the tests about credentials: a rig that proves itself in a given way, and what Entra and the log got of it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { credentialReader } from '../../src/cli/credential-reader.ts'
import type { CheckedCredential } from '../../src/settings/check-options.ts'
import { type AtCallback, detailsOf, goToEntra } from './refusals.ts'
import { people, type Rig } from './rig.ts'
import { openRig } from './steps.ts'

export function openRigWith(
  t: TestContext,
  credentials: readonly CheckedCredential[] | (() => readonly CheckedCredential[]),
): Promise<Rig> {
  return openRig(t, { entra: { credentials } })
}

export async function assertSignsIn(rig: Rig): Promise<void> {
  const { response, text } = await rig.signIn(people.alice)
  assert.equal(response.status, 200)
  assert.match(text, /Hello, Alice Example/)
}

/** The forms that the token endpoint got. */
export function tokenRequests({ emulator }: Rig) {
  return emulator.requests
    .filter(({ endpoint }) => endpoint === 'token')
    .map((request) => request.params)
}

export function eventsOf({ logLines }: Rig, event: string): readonly Record<string, unknown>[] {
  return logLines
    .map((line) => JSON.parse(line))
    .filter((line: { event: string }) => line.event === event)
}

export function microsoftsNumber(text: string): string {
  return detailsOf(text)["Microsoft's number"]?.split(' ')[0] ?? ''
}

export const refusedCredential = { code: 'client_credentials_refused', status: 502 }

/** Twenty people who are back from Entra with their codes, not yet redeemed. */
export async function twentyAtCallback(rig: Rig): Promise<readonly AtCallback[]> {
  const arriving: AtCallback[] = []
  for (let at = 0; at < 20; at += 1) {
    const userPrincipalName = `person${at}@contoso.example`
    rig.emulator.addUser('contoso.example', { userPrincipalName })
    arriving.push(await goToEntra(rig, userPrincipalName))
  }
  return arriving
}

export function assertAllSignedIn(
  visits: readonly { readonly response: Response; readonly text: string }[],
) {
  for (const { response, text } of visits) {
    assert.equal(response.status, 200, text)
    assert.match(text, /Hello, person\d+/)
  }
}

/** A server whose credential settings name these files, which may change. */
export function filesOf(files: Record<string, string>, environment: Record<string, string>) {
  const readTextFile = (path: string) => {
    const content = files[path]
    if (content === undefined) throw new Error(`ENOENT: ${path}`)
    return content
  }
  return { files, read: credentialReader({ environment, readTextFile }) }
}
