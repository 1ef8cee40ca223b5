/** The library's door. */
export { createEntrada, type Entrada } from './entrada.ts'
export { EntradaError, type ErrorCode } from './errors.ts'
export type { CredentialOptions, EntradaOptions, EntraOptions } from './options.ts'
export { Secret } from './secret.ts'
export type { HookAnswer, HookDecision, Hooks, Log } from './services.ts'
export type { SessionJson } from './session/session-json.ts'
