import type { Environment } from '../settings/config.ts'

/** Returns why a command with which anybody can sign in as anybody must not run here; empty if it may. */
export function productionReasons({ NODE_ENV }: Environment): readonly string[] {
  return NODE_ENV?.trim().toLowerCase() === 'production' ? ['NODE_ENV is production'] : []
}
