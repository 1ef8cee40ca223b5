/** Users of another system, as exported from its tables: which of them are identified by (`tid`, `oid`), and which are not. */
import { parsePersonName, shortIdsOf } from '../identity-provider/person-key.ts'
import { isGuid, PERSONAL_ACCOUNTS_TENANT_ID } from '../protocol/guid.ts'
import { describeJsonProblem, readStrictJson } from '../protocol/strict-json.ts'
import type { Space } from '../storage/records.ts'
import { notValid } from './command-failure.ts'
import { parseCsv } from './csv.ts'
import { createPersonIndex, type PartialKey } from './person-index.ts'

export type ImportedPerson = {
  readonly tid: string
  readonly oid: string
  /** Who vouches for the person, if the file has the whole key. */
  readonly space?: Space
  readonly username?: string
  readonly displayName?: string
  readonly email?: string
}

/** `oldId`: the id of the user in the other system. */
export type ImportedRow = { readonly line: number; readonly oldId?: string } & (
  | { readonly kind: 'person'; readonly person: ImportedPerson }
  | { readonly kind: 'not_taken'; readonly reason: NotTaken }
)

/** Returns the key of a person of a file, without a space if the file has none. */
export function keyOfImported({ space, tid, oid }: ImportedPerson): PartialKey {
  return { space, directory: tid, subject: oid }
}

/** The reasons for skipping a row, each with an explanation or a remedy. */
export const notTakenReasons = {
  other_provider: 'It is an account of another provider than Microsoft.',
  only_sub:
    'It has only the `sub`, which identifies a person within one application only. The person becomes a new user at the first sign-in; docs/move-over.md explains how to find your own row then.',
  no_object_id: 'It has neither an object id nor an ID token.',
  id_token_unreadable: 'Its ID token cannot be read; it may be encrypted in that database.',
  no_tenant_id: 'It has an object id without its tenant. If all are of one tenant: --tenant ID.',
  not_a_key: 'Its `person` is neither SPACE/DIRECTORY/SUBJECT nor TENANT/OBJECT.',
  not_a_guid: 'Its object id or tenant id is no GUID.',
  contradiction: 'Its columns and its ID token name different people.',
  personal_account: 'It is a personal Microsoft account, which no directory has.',
  other_tenant: 'It is of another tenant than --tenant.',
  twice: 'An earlier row of the file is the same person. Both rows become one user.',
} as const
export type NotTaken = keyof typeof notTakenReasons

/** Reads the users of an exported file. @throws {EntradaError} `request_invalid`, with the unreadable line in `detail.problems` */
export function readImportedPeople(
  text: string,
  { tenant }: { readonly tenant?: string | undefined } = {},
): ImportedPeople {
  const read = rowsOf(text.replace(/^\ufeff/, ''))
  return { rows: toImportedRows(read, tenant), unknownColumns: unknownColumns(read) }
}

export type ImportedPeople = {
  readonly rows: readonly ImportedRow[]
  /** The columns of the file that are not read, each once. */
  readonly unknownColumns: readonly string[]
}

function toImportedRows(read: readonly Row[], tenant: string | undefined): readonly ImportedRow[] {
  const seen = createPersonIndex<true>()
  return read.map(({ line, values }) => {
    const columns = columnsOf(values)
    const oldId = textOf(columns, 'userId', 'id')
    const row = { line, ...(oldId ? { oldId } : {}) }
    const found = personOf(columns, tenant?.toLowerCase())
    if (typeof found === 'string') return { ...row, kind: 'not_taken', reason: found }
    const key = keyOfImported(found)
    if (seen.find(key)) return { ...row, kind: 'not_taken', reason: 'twice' }
    seen.add(key, true)
    return { ...row, kind: 'person', person: found }
  })
}

type Values = Readonly<Record<string, unknown>>
type Row = { readonly line: number; readonly values: Values }

/** Reads JSON lines, a JSON list, or a comma-separated file whose first line names the columns. */
function rowsOf(text: string): readonly Row[] {
  try {
    if (/^\s*\[/.test(text)) {
      const list = parseJson(text, 'the list')
      return (list as readonly unknown[]).map((values, at) => toRow(values, at + 1)) // it begins as a list
    }
    if (/^\s*\{/.test(text)) return jsonLines(text)
    return parseCsv(text)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw notValid('FILE', problem)
  }
}

function jsonLines(text: string): readonly Row[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === '') return []
    return [toRow(parseJson(line, `line ${at + 1}`), at + 1)]
  })
}

/** @throws {Error} a sentence about this part of the file */
function parseJson(text: string, part: string): unknown {
  const read = readStrictJson(text)
  if (read.kind === 'read') return read.value
  throw new Error(`${part} ${describeJsonProblem(read.problem)}`)
}

function toRow(values: unknown, line: number): Row {
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
    return { line, values: values as Values } // any object: its members are looked at one by one
  }
  throw new Error(`line ${line} is no JSON object`)
}

/** The names that other systems use for each column; letter case, `_` and `-` are ignored. */
const columnNames = {
  userId: ['userid'],
  id: ['id'],
  provider: ['provider', 'providerid', 'identityprovider'],
  sub: ['sub'],
  // Auth.js and better-auth: the `sub`, or the object id (better-auth since 1.7; in Auth.js if the application chose it)
  accountId: ['provideraccountid', 'accountid'],
  idToken: ['idtoken'],
  person: ['person', 'personkey'],
  oid: ['oid', 'objectid', 'localaccountid'],
  tid: ['tid', 'tenantid'],
  // MSAL: `<oid>.<tid>`
  homeAccountId: ['homeaccountid'],
  issuer: ['iss', 'issuer'],
  // passport-azure-ad: the unchanged claims
  claims: ['json', 'claims', 'profile', 'idtokenclaims'],
  username: ['username'],
  userPrincipalName: ['upn', 'userprincipalname', 'preferredusername'],
  displayName: ['displayname', 'name'],
  email: ['email', 'mail'],
} as const
type Column = keyof typeof columnNames

const knownNames: ReadonlySet<string> = new Set(Object.values(columnNames).flat())

function unknownColumns(rows: readonly Row[]): readonly string[] {
  const names = new Set(rows.flatMap(({ values }) => Object.keys(values)))
  return [...names].filter((name) => !knownNames.has(folded(name))).slice(0, MOST_NAMED)
}

/** This many names fit on a screen. */
const MOST_NAMED = 50

/** Returns the name of a column without letter case, `_` and `-`. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** The values of each column. A file may contain a column under several of its names. */
type Columns = ReadonlyMap<Column, readonly unknown[]>

function columnsOf(values: Values): Columns {
  const columns = new Map<Column, readonly unknown[]>()
  const names = Object.entries(columnNames) as [Column, readonly string[]][] // keys of the table
  for (const [name, value] of Object.entries(values)) {
    const column = names.find(([, spellings]) => spellings.includes(folded(name)))?.[0]
    if (column !== undefined) columns.set(column, [...(columns.get(column) ?? []), value])
  }
  return columns
}

function textOf(columns: Columns, ...names: readonly Column[]): string | undefined {
  return names.flatMap((name) => textsOf(columns, name))[0]
}

function textsOf(columns: Columns, name: Column): readonly string[] {
  const values = (columns.get(name) ?? []).map((value) =>
    typeof value === 'number' ? String(value) : value,
  )
  return values.flatMap((value) =>
    typeof value === 'string' && value.trim() !== '' ? [value.trim()] : [],
  )
}

const microsoftProviders = ['microsoft', 'microsoftentraid', 'azuread', 'entraid', 'azureadoidc']

function personOf(columns: Columns, tenant: string | undefined): ImportedPerson | NotTaken {
  const provider = textOf(columns, 'provider')
    ?.toLowerCase()
    .replace(/[^a-z]/g, '')
  if (provider !== undefined && !microsoftProviders.includes(provider)) return 'other_provider'
  const named = ofPersonColumn(columns)
  if (typeof named === 'string') return named
  const sources: readonly Ids[] = [
    named,
    ...textsOf(columns, 'oid').map((oid) => ({ oid })),
    ...textsOf(columns, 'tid').map((tid) => ({ tid })),
    ofIssuer(columns),
    ofHomeAccount(columns),
    ofToken(columns),
    ofClaims(columns),
  ]
  const oids = distinct(sources.map(({ oid }) => oid))
  const tids = distinct(sources.map(({ tid }) => tid))
  if (oids.length > 1 || tids.length > 1) return 'contradiction'
  const [oid = accountObjectId(columns)] = oids
  const [tid = tenant] = tids
  if (oid === undefined) return withoutObjectId(columns)
  if (tid === undefined) return 'no_tenant_id'
  if (!isGuid(oid) || !isGuid(tid)) return 'not_a_guid'
  if (tid === PERSONAL_ACCOUNTS_TENANT_ID || isOfPersonalAccount(oid)) return 'personal_account'
  if (tenant !== undefined && tid !== tenant) return 'other_tenant'
  const space = named.space ? { space: named.space } : {}
  return { tid, oid, ...space, ...profileOf(columns) }
}

/** Reads the key of the person, if the file has it; only people of Entra can be imported. */
function ofPersonColumn(columns: Columns): (Ids & { readonly space?: Space }) | NotTaken {
  const text = textOf(columns, 'person')
  if (text === undefined) return {}
  const named = parsePersonName(text)
  if (named === undefined) return 'not_a_key'
  if (named.kind === 'short') return named.ids
  const ids = shortIdsOf(named.key)
  return ids ? { ...ids, space: named.key.space } : 'other_provider'
}

/** Personal accounts have object ids of this form; those of a directory are random. This form distinguishes the two if no tenant was stored. */
function isOfPersonalAccount(oid: string): boolean {
  return oid.startsWith('00000000-0000-0000-')
}

type Ids = { readonly oid?: string | undefined; readonly tid?: string | undefined }

/** Finds the tenant in `https://login.microsoftonline.com/<tid>/v2.0` and `https://sts.windows.net/<tid>/`; other issuers have none. */
function ofIssuer(columns: Columns): Ids {
  const issuer = textOf(columns, 'issuer') ?? ''
  return { tid: /^https:\/\/[^/]+\/([0-9a-f-]{36})(\/|$)/i.exec(issuer)?.[1] }
}

/**
 * A GUID in the column for the id of the account is the object id, because a `sub` of Entra is not a GUID. Columns and claims that are
 * named after the object id take precedence, because an application may have an `accountId` of its own.
 */
function accountObjectId(columns: Columns): string | undefined {
  const accountId = textOf(columns, 'accountId')?.toLowerCase()
  return accountId !== undefined && isGuid(accountId) ? accountId : undefined
}

function ofHomeAccount(columns: Columns): Ids {
  const [oid, tid] = textOf(columns, 'homeAccountId')?.split('.') ?? []
  return { oid, tid }
}

/** Reads an ID token without verifying it: it comes from the database of the other system, which is trusted as a whole. */
function ofToken(columns: Columns): Ids {
  const [, payload = ''] = textOf(columns, 'idToken')?.split('.') ?? []
  return idsOf(parseObject(Buffer.from(payload, 'base64url').toString()))
}

function ofClaims(columns: Columns): Ids {
  const [claims] = columns.get('claims') ?? []
  return idsOf(typeof claims === 'string' ? parseObject(claims) : claims)
}

function parseObject(text: string): unknown {
  const read = readStrictJson(text)
  return read.kind === 'read' ? read.value : undefined
}

function idsOf(claims: unknown): Ids {
  const { oid, tid } = (claims ?? {}) as Values // its members are looked at
  return {
    oid: typeof oid === 'string' ? oid : undefined,
    tid: typeof tid === 'string' ? tid : undefined,
  }
}

function distinct(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.flatMap((value) => (value ? [value.toLowerCase()] : [])))]
}

function withoutObjectId(columns: Columns): NotTaken {
  if (textOf(columns, 'idToken') !== undefined) return 'id_token_unreadable'
  return textOf(columns, 'sub', 'accountId') === undefined ? 'no_object_id' : 'only_sub'
}

function profileOf(columns: Columns): Omit<ImportedPerson, 'tid' | 'oid'> {
  const email = textOf(columns, 'email')
  const displayName = textOf(columns, 'displayName')
  const username = textOf(columns, 'username', 'userPrincipalName') ?? email
  return {
    ...(username ? { username } : {}),
    ...(displayName ? { displayName: displayName.slice(0, 256) } : {}),
    ...(email ? { email } : {}),
  }
}
