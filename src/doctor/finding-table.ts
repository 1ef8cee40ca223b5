/** Every finding, by area. docs/reference/doctor.md is made from it. */
import type { Area, FindingRows } from './finding.ts'
import { accessFindings } from './finding-table-access.ts'
import { addressFindings } from './finding-table-address.ts'
import { credentialFindings } from './finding-table-credential.ts'
import { databaseFindings, keyFindings } from './finding-table-database.ts'
import { clockFindings, entraFindings } from './finding-table-entra.ts'
import { environmentFindings } from './finding-table-environment.ts'
import { machineFindings } from './finding-table-machine.ts'
import { nameFindings } from './finding-table-names.ts'
import { claimFindings, operatorFindings, roleFindings } from './finding-table-people.ts'
import { postgresFindings } from './finding-table-postgres.ts'
import { proxyFindings } from './finding-table-proxy.ts'
import { registrationFindings } from './finding-table-registration.ts'
import { settingsFindings } from './finding-table-settings.ts'

const findingsByArea = {
  settings: { ...settingsFindings, ...environmentFindings },
  machine: machineFindings,
  database: { ...databaseFindings, ...postgresFindings },
  keys: keyFindings,
  entra: entraFindings,
  clock: clockFindings,
  credential: credentialFindings,
  registration: registrationFindings,
  address: { ...addressFindings, ...nameFindings, ...proxyFindings },
  claims: claimFindings,
  roles: { ...roleFindings, ...accessFindings },
  operators: operatorFindings,
} as const satisfies Readonly<Record<Area, FindingRows>>

/** Every finding by its id, whatever its area. */
export const findingTable = {
  ...findingsByArea.settings,
  ...findingsByArea.machine,
  ...findingsByArea.database,
  ...findingsByArea.keys,
  ...findingsByArea.entra,
  ...findingsByArea.clock,
  ...findingsByArea.credential,
  ...findingsByArea.registration,
  ...findingsByArea.address,
  ...findingsByArea.claims,
  ...findingsByArea.roles,
  ...findingsByArea.operators,
} as const satisfies FindingRows

export type FindingId = keyof typeof findingTable

/** Returns the findings of one area, in the order of their tables. */
export function findingsOf(area: Area): FindingRows {
  return findingsByArea[area]
}
