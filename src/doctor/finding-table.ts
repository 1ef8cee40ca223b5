/** Every finding, by area. docs/reference/doctor.md is made from it. */
import type { FindingRow } from './finding.ts'
import { accessFindings } from './finding-table-access.ts'
import { addressFindings } from './finding-table-address.ts'
import { credentialFindings } from './finding-table-credential.ts'
import { databaseFindings } from './finding-table-database.ts'
import { entraFindings } from './finding-table-entra.ts'
import { environmentFindings } from './finding-table-environment.ts'
import { machineFindings } from './finding-table-machine.ts'
import { nameFindings } from './finding-table-names.ts'
import { peopleFindings } from './finding-table-people.ts'
import { postgresFindings } from './finding-table-postgres.ts'
import { proxyFindings } from './finding-table-proxy.ts'
import { registrationFindings } from './finding-table-registration.ts'
import { settingsFindings } from './finding-table-settings.ts'

export const findingTable = {
  ...settingsFindings,
  ...environmentFindings,
  ...machineFindings,
  ...databaseFindings,
  ...postgresFindings,
  ...entraFindings,
  ...credentialFindings,
  ...registrationFindings,
  ...addressFindings,
  ...nameFindings,
  ...proxyFindings,
  ...peopleFindings,
  ...accessFindings,
} as const satisfies Readonly<Record<string, FindingRow>>

export type FindingId = keyof typeof findingTable
