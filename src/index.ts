/** What the package exports as `entrada`. */
export type { AdminCaller } from './access/admin-caller.ts'
export type { Administration } from './admin/administration.ts'
export type { Access, Needed } from './embedding/decide-access.ts'
export { createEntrada, type Entrada } from './entrada.ts'
export { EntradaError, type ErrorCode } from './errors/errors.ts'
export type { EntradaEvent, HookAnswer, HookDecision, Hooks } from './hooks.ts'
export type { RemoteInfo } from './http/exchange.ts'
export type { VerifiedIdentity } from './identity-provider/identity-provider.ts'
export { Secret } from './keys/secret.ts'
export type { Log } from './log/log.ts'
export type { UserSession } from './session/session-json.ts'
export type {
  ApplicationOptions,
  CredentialOptions,
  EntradaOptions,
  EntraOptions,
} from './settings/options.ts'
export type { ConnectionPolicies, RoleRule } from './storage/records.ts'
export type { Storage, StorageReader, StorageTransaction } from './storage/storage.ts'
