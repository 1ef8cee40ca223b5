/** The probes of each kind of identity provider. */
import type { ProviderKindName } from '../identity-provider/provider-kinds.ts'
import type { AskContext } from './ask.ts'
import { probeApplication } from './entra/probe-application.ts'
import type { Examination } from './examination.ts'
import type { Facts, SettingsFacts } from './facts.ts'

/** Gathers facts about the provider of a connection that the settings describe; nothing where they describe none of this kind. */
type Probe = (
  context: AskContext,
  examination: Examination,
  settings: SettingsFacts,
) => Promise<Partial<Facts>>

const probeByKind: Readonly<Record<ProviderKindName, Probe>> = { entra: probeApplication }

/** Runs the probes of every kind at once and returns what they found. */
export async function probeProviders(
  context: AskContext,
  examination: Examination,
  settings: SettingsFacts,
): Promise<Partial<Facts>> {
  const probes = Object.values(probeByKind)
  const found = await Promise.all(probes.map((probe) => probe(context, examination, settings)))
  return Object.assign({}, ...found)
}
