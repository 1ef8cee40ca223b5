/** Where the judges' libraries are kept, and which programs they need. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const sources = resolve('test/judges')
const cache = resolve('node_modules/.cache/judges')

/** The folder of a judge's own files. */
export function sourceOf(judge: string): string {
  return join(sources, judge)
}

/** The folder of what was fetched or built for a judge. */
export function fetchedFor(judge: string): string {
  return join(cache, judge)
}

/** Where Debian has the modules of Apache. */
export const apacheModules = '/usr/lib/apache2/modules'

/** Finds a program, or a module of Apache, also where the system has its own. */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/local/go/bin',
    '/usr/sbin',
    apacheModules,
  ]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** What each judge needs on the machine before anything of it can be fetched. */
export const neededPrograms = {
  'msal-python': ['python3'],
  'azure-identity-python': ['python3'],
  authlib: ['python3'],
  'azure-node': ['npm'],
  'msal-go': ['go'],
  'oauth2-proxy': ['go'],
  msal4j: ['java', 'mvn'],
  spring: ['java', 'mvn'],
  'mod-auth-openidc': ['apache2', 'mod_auth_openidc.so'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type Judge = keyof typeof neededPrograms

/** The programs that a judge needs and that are not here. */
export function missingPrograms(judge: Judge): readonly string[] {
  return neededPrograms[judge].filter((name) => findProgram(name) === undefined)
}
