import type { Environment } from '../settings/config.ts'

/** Why a command that lets anybody be anybody must not run here; empty when it may. */
export function productionReasons({ NODE_ENV }: Environment): readonly string[] {
  return NODE_ENV?.trim().toLowerCase() === 'production' ? ['NODE_ENV is production'] : []
}
