/**
 * The key of a person as the rest of the program compares, shows, prints and parses it, whichever identity provider made it.
 *
 * In text a key is `space/directory/subject`, each part percent-encoded: `entra:global/TENANT/OBJECT`,
 * `oidc/https:%2F%2Fid.example/1234`. People of the default cloud have a short form, `TENANT/OBJECT`.
 */
import { isGuid } from '../protocol/guid.ts'
import type { PersonKey } from '../storage/records.ts'
import {
  ENTRA_SPACE,
  type EntraIds,
  entraIdsOf,
  entraPersonKey,
} from './entra/protocol/person-key.ts'

/** A key that a person wrote: whole, or in the short form, which leaves the cloud to the reader. */
export type NamedPerson =
  | { readonly kind: 'key'; readonly key: PersonKey }
  | { readonly kind: 'short'; readonly ids: Omit<EntraIds, 'cloud'> }

/** An index of PostgreSQL holds a whole key in 2,700 bytes. OpenID Connect Core §2 limits a `sub` to 255 characters. */
const LONGEST = { space: 255, directory: 512, subject: 255 } as const
const LONGEST_ENCODED = 2_048
/** Databases change these on their way in, which would make one key of two. */
const CONTROL = /\p{Cc}/u
const CLOUD = /^[a-z0-9.:[\]_-]+$/i

/** The ids of the short form, and their cloud, by Microsoft's names. Public JSON and hooks have them too. */
export type ShortIds = EntraIds

/** Returns the ids of a person's short form; only people of Entra have one. */
export function shortIdsOf(key: PersonKey): ShortIds | undefined {
  return entraIdsOf(key)
}

/**
 * Returns whether the subject of a key occurs in no other key: Microsoft's object ids are random and unique, and another provider's
 * subject may be a number that others count up as well.
 */
export function hasUniqueSubject({ space }: { readonly space: string }): boolean {
  return space.startsWith(ENTRA_SPACE)
}

/** A key as audit events, traces and hooks show it: with Microsoft's names for its parts where Entra vouches for the person. */
export type ShownKey = PersonKey & { readonly tid?: string; readonly oid?: string }

/** Returns the members that describe a person by their key. */
export function shownKey(key: PersonKey): ShownKey {
  const { space, directory, subject } = key
  const ids = entraIdsOf(key)
  return { ...(ids ? { tid: ids.tid, oid: ids.oid } : {}), space, directory, subject }
}

/** Returns the members that describe the directory of a key. */
export function shownDirectory(key: PersonKey): {
  readonly directory: string
  readonly tid?: string
} {
  const { tid, directory } = shownKey(key)
  return { ...(tid === undefined ? {} : { tid }), directory }
}

/** Whether two keys are of one person. */
export function isSamePerson(key: PersonKey, other: PersonKey): boolean {
  return (
    key.space === other.space && key.directory === other.directory && key.subject === other.subject
  )
}

/** Prints a key as text; {@link parsePersonName} reads it back. */
export function formatPersonKey({ space, directory, subject }: PersonKey): string {
  return [space, directory, subject].map(encodePart).join('/')
}

/** Reads a person's name in either form, or returns nothing where the text is neither. */
export function parsePersonName(text: string): NamedPerson | undefined {
  const [first = '', second = '', third, ...more] = text.split('/').map(decodePart)
  if (more.length > 0) return undefined
  if (third !== undefined) return parseKey(first, second, third)
  return isGuid(first) && isGuid(second)
    ? { kind: 'short', ids: { tid: first.toLowerCase(), oid: second.toLowerCase() } }
    : undefined
}

/** Returns the key of a named person; the short form is of this cloud. */
export function keyOfNamed(named: NamedPerson, cloud: string): PersonKey {
  return named.kind === 'key' ? named.key : entraPersonKey({ cloud, ...named.ids })
}

function parseKey(space: string, directory: string, subject: string): NamedPerson | undefined {
  const [, kind, rest = ''] = /^(entra|oidc|saml)(?::(.+))?$/s.exec(space) ?? []
  if (directory === '' || subject === '' || !isStorable({ space, directory, subject }))
    return undefined
  switch (kind) {
    case 'entra': {
      if (!CLOUD.test(rest) || !isGuid(directory) || !isGuid(subject)) return undefined
      return { kind: 'key', key: entraPersonKey({ cloud: rest, tid: directory, oid: subject }) }
    }
    case 'oidc':
      return rest === '' ? { kind: 'key', key: { space: 'oidc', directory, subject } } : undefined
    case 'saml':
      if (rest === '') return undefined
      return { kind: 'key', key: { space: `saml:${rest}`, directory, subject } }
    default:
      return undefined
  }
}

function isStorable(parts: Readonly<Record<keyof typeof LONGEST, string>>): boolean {
  const names = ['space', 'directory', 'subject'] as const
  return names.every((name) => {
    const part = parts[name]
    return part.length <= LONGEST[name] && part.isWellFormed() && !CONTROL.test(part)
  })
}

/** A colon stays as it is: it separates nothing, and a space has one. */
function encodePart(part: string): string {
  return encodeURIComponent(part).replaceAll('%3A', ':')
}

/** Returns an empty part for one that is too long, or no percent-encoding: no key has an empty part. */
function decodePart(part: string): string {
  if (part.length > LONGEST_ENCODED) return ''
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
