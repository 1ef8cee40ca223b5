/** A deployment with people, to plant something wrong in, and the doctor that looks at its database. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { AccessRuleInput } from '../../src/forward-auth/access-rules-file.ts'
import type { Environment } from '../../src/settings/config.ts'
import type { EntraOptions } from '../../src/settings/options.ts'
import { examineWith } from './examined.ts'
import { openFarRig } from './far-rig.ts'
import { CLIENT_ID, CLIENT_SECRET, CONTOSO, SERVER_URL } from './rig.ts'
import { temporaryFolder } from './server-process.ts'

/** A server whose users sign in at an emulated Entra on a socket, and the doctor with the same settings. */
export async function openClinic(
  t: TestContext,
  entra: Partial<Pick<EntraOptions, 'policies'>> = {},
) {
  const folder = await temporaryFolder(t)
  const rig = await openFarRig(t, { database: join(folder, 'entrada.db'), entra })
  const environment: Environment = {
    ENTRADA_DATA_DIR: folder,
    ENTRADA_SERVER_URL: SERVER_URL,
    ENTRADA_ENTRA_AUTHORITY: rig.emulator.origin,
    ENTRADA_ENTRA_TENANT_ID: CONTOSO,
    ENTRADA_ENTRA_CLIENT_ID: CLIENT_ID,
    ENTRADA_ENTRA_CLIENT_SECRET: CLIENT_SECRET,
  }
  return {
    rig,
    async signIn(name: string): Promise<void> {
      rig.emulator.signInAutomaticallyAs(name)
      await rig.browser().visit(`${SERVER_URL}/auth/entra/login`)
      rig.clock.advanceSeconds(1)
    },
    examine: (area: string, changes: Environment = {}) =>
      examineWith({ ...environment, ...changes }, '--only', area),
    async writeRules(rules: readonly Readonly<Record<string, string>>[]): Promise<Environment> {
      const file = join(folder, 'rules.json')
      await writeFile(file, JSON.stringify({ rules, unmatched: { role: 'member' } }))
      return { ENTRADA_ROLE_RULES_FILE: file }
    },
    async writeAccessRules(rules: readonly AccessRuleInput[]): Promise<Environment> {
      const file = join(folder, 'access.json')
      await writeFile(file, JSON.stringify({ rules }))
      return { ENTRADA_ACCESS_RULES_FILE: file }
    },
  }
}
