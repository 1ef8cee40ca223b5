import type { Environment } from '../settings/config.ts'

/** Returns the reasons why a command that lets every client sign in as any user must not run here; empty if it may. */
export function productionReasons({ NODE_ENV }: Environment): readonly string[] {
  return NODE_ENV?.trim().toLowerCase() === 'production' ? ['NODE_ENV is production'] : []
}
