import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { PostgresHealth } from '../storage/inspect-postgres.ts'
import { diagnose } from './diagnose.ts'
import type { CertificateFacts, DatabaseFacts, EntraFacts, Facts, FolderFacts } from './facts.ts'
import { findingTable } from './finding-table.ts'

const at = new Date('2026-11-22T12:00:00.000Z')
const bare: Facts = { at, mode: 'production' }

function troublesOf(facts: Partial<Facts>): string[] {
  return diagnose({ ...bare, ...facts })
    .filter(({ severity }) => severity !== 'ok')
    .map(({ id }) => id)
}

const folder: FolderFacts = {
  path: '/data',
  exists: true,
  freeBytes: 40_000_000_000,
  onNetworkDisk: false,
  written: { ok: true },
  mode: 0o700,
  files: [{ path: '/data/entrada.db', mode: 0o600, owner: 1000 }],
}

describe('diagnose, about the machine', () => {
  const of = (changes: Partial<FolderFacts>, nodeVersion = 'v24.1.0') =>
    troublesOf({ machine: { nodeVersion, openSecretFiles: [], folder: { ...folder, ...changes } } })

  it('is content with a private folder, room on the disk and Node.js 24', () => {
    assert.deepEqual(of({}), [])
  })
  it('warns of a disk that is nearly full, and calls a full one an error', () => {
    assert.deepEqual(of({ freeBytes: 300_000_000 }), ['disk_nearly_full'])
    assert.deepEqual(of({ freeBytes: 1_000_000 }), ['disk_full'])
  })
  it('knows that Node.js 22 is too old', () => {
    assert.deepEqual(of({}, 'v22.9.0'), ['node_too_old'])
  })
  it('warns of a network file system under SQLite', () => {
    assert.deepEqual(of({ onNetworkDisk: true }), ['data_on_network_disk'])
  })
  it('warns of files that a group can read, but only if it can enter the folder', () => {
    const files = [{ path: '/data/secret-keys', mode: 0o640, owner: 1000 }]
    assert.deepEqual(of({ files, mode: 0o750 }), ['data_files_open_to_group'])
    assert.deepEqual(of({ files, mode: 0o700 }), [])
  })
})

describe('diagnose, about the database', () => {
  type Found = Extract<DatabaseFacts['inspection'], { readonly kind: 'found' }>
  const found: Found = {
    kind: 'found',
    database: 'sqlite',
    mark: { mode: 'production', schemaVersion: 3, oldestProgram: 1 },
    knownSchemaVersion: 3,
    serverVersion: 'SQLite 3.50.0',
    journal: 'wal',
    writable: { kind: 'yes' },
  }
  const of = (changes: Partial<Found>) =>
    troublesOf({ database: { where: 'entrada.db', inspection: { ...found, ...changes } } })

  it('is content with a database that fits', () => assert.deepEqual(of({}), []))
  it('calls one that cannot be written an error', () => {
    assert.deepEqual(of({ writable: { kind: 'no', reason: 'readonly' } }), ['database_read_only'])
  })
  it('notices a journal that somebody changed', () => {
    assert.deepEqual(of({ journal: 'delete' }), ['database_without_log'])
  })
  it('tells an older schema from a newer one that still admits this program', () => {
    const mark = (schemaVersion: number) => ({ mark: { ...found.mark, schemaVersion } })
    assert.deepEqual(of(mark(2)), ['database_behind'])
    assert.deepEqual(of(mark(4)), ['database_newer'])
  })
  it('warns of a PostgreSQL that nobody has tried', () => {
    const { journal: _, ...other } = found
    const inspection = { ...other, database: 'postgres', serverVersion: 'PostgreSQL 13.4' } as const
    assert.deepEqual(troublesOf({ database: { where: 'db', inspection } }), ['postgres_too_old'])
  })
})

describe('diagnose, about PostgreSQL', () => {
  const health: PostgresHealth = {
    clock: { theirs: at, ours: at, tookMs: 10 },
    isStandby: false,
    connections: 97,
    encoding: 'UTF8',
    mayCreate: true,
    isSuperuser: false,
    isDurable: true,
    isEncrypted: true,
    takesOptions: true,
  }
  const of = (changes: Partial<PostgresHealth>, server: DatabaseFacts['server'] = near) =>
    troublesOf({
      database: {
        where: 'db.example.com/entrada',
        server,
        inspection: { kind: 'absent', postgres: { ...health, ...changes } },
      },
    }).filter((id) => id !== 'database_absent')
  const near = { isRemote: false, connectionsWanted: 16 }
  const far = { isRemote: true, connectionsWanted: 16 }

  it('is content with a server that is as it should be', () => assert.deepEqual(of({}, far), []))
  it('calls a standby one, once', () => {
    assert.deepEqual(of({ isStandby: true, mayCreate: false }), ['database_is_standby'])
  })
  it('warns of a connection without TLS to another machine only', () => {
    assert.deepEqual(of({ isEncrypted: false }, far), ['database_without_tls'])
    assert.deepEqual(of({ isEncrypted: false }, near), [])
  })
  it('knows a pooler by the settings that did not arrive', () => {
    assert.deepEqual(of({ takesOptions: false }), ['database_behind_pooler'])
  })
  it('does not take a slow answer for a wrong clock', () => {
    const ours = new Date(at.getTime() + 31_000)
    assert.deepEqual(of({ clock: { theirs: at, ours, tookMs: 8_000 } }), [])
    assert.deepEqual(of({ clock: { theirs: at, ours, tookMs: 10 } }), ['database_clock_differs'])
  })
})

describe('diagnose, about the log of SQLite', () => {
  it('warns of one that nobody folds into the file', () => {
    const inspection = {
      kind: 'found',
      database: 'sqlite',
      mark: { mode: 'production', schemaVersion: 3, oldestProgram: 1 },
      knownSchemaVersion: 3,
      serverVersion: 'SQLite 3.50.0',
      journal: 'wal',
      writable: { kind: 'yes' },
    } as const
    const of = (logBytes: number) =>
      troublesOf({ database: { where: 'entrada.db', inspection: { ...inspection, logBytes } } })
    assert.deepEqual(of(4_000_000), [])
    assert.deepEqual(of(400_000_000), ['database_log_large'])
  })
})

describe('diagnose, about certificates of the public address', () => {
  const of = (days: number, problem?: string) => {
    const validTo = new Date(at.getTime() + days * 86_400_000)
    const certificate: CertificateFacts = {
      host: 'sso.example.com',
      validFrom: new Date(at.getTime() - 86_400_000),
      validTo,
      isOfHost: true,
      names: ['www.example.com'],
      ...(problem ? { problem } : {}),
    }
    const addresses = [
      { origin: 'https://sso.example.com', health: { kind: 'ours' }, certificate },
    ] as const
    const rest = { listen: '127.0.0.1:3000', listensLocally: true, namesProxies: true }
    return troublesOf({ addresses: { ...rest, local: 'alive', addresses } })
  }
  it('is content with two months', () => assert.deepEqual(of(60), []))
  it('warns in the last two weeks', () =>
    assert.deepEqual(of(9), ['address_certificate_ends_soon']))
  it('says that it ended rather than that it is not trusted', () => {
    assert.deepEqual(of(-1, 'CERT_HAS_EXPIRED'), ['address_certificate_expired'])
  })
  it('says for which names it was made', () => {
    const problem = 'ERR_TLS_CERT_ALTNAME_INVALID'
    assert.deepEqual(of(60, problem), ['address_certificate_of_other_name'])
  })
  it('says when it is not trusted', () => {
    const problem = 'SELF_SIGNED_CERT_IN_CHAIN'
    assert.deepEqual(of(60, problem), ['address_certificate_not_trusted'])
  })
})

describe('diagnose, about the public address', () => {
  const of = (health: Parameters<typeof addressesWith>[0], local: 'alive' | 'other' | 'silent') =>
    troublesOf({ addresses: addressesWith(health, local) })
  function addressesWith(
    health: NonNullable<Facts['addresses']>['addresses'][number]['health'],
    local: 'alive' | 'other' | 'silent',
  ): NonNullable<Facts['addresses']> {
    const addresses = [{ origin: 'https://sso.example.com', health }]
    return { listen: '0.0.0.0:3000', listensLocally: false, namesProxies: false, local, addresses }
  }
  it('does not take a port that something else holds for our server', () => {
    const failure = { kind: 'failed', reason: 'timeout' } as const
    assert.deepEqual(of({ kind: 'unreachable', failure }, 'other'), ['address_silent'])
  })
  it('knows a development server behind a proxy', () => {
    assert.deepEqual(of({ kind: 'development' }, 'alive'), ['server_refuses_proxy'])
  })
})

describe('diagnose, about the directory', () => {
  const entra: EntraFacts = {
    authority: 'https://login.microsoftonline.com',
    isMicrosoft: true,
    tenant: 'contoso.com',
    clientId: 'id',
    discoveryUrl: 'https://login.microsoftonline.com/contoso.com/…',
    discovery: { kind: 'failing', status: 500 },
  }
  it('tells a certificate of a company proxy from a host that is not there', () => {
    const failure = {
      kind: 'failed',
      reason: 'certificate',
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
    } as const
    assert.deepEqual(
      troublesOf({ entra: { ...entra, discovery: { kind: 'unreachable', failure } } }),
      ['entra_certificate_not_trusted', 'clock_not_compared'],
    )
  })
  it('allows the clock for the second of the header and the time on the way', () => {
    const clockOf = (seconds: number, tookMs: number) =>
      troublesOf({
        entra: {
          ...entra,
          clock: { ours: at, theirs: new Date(at.getTime() + seconds * 1000), tookMs },
        },
      }).filter((id) => id.startsWith('clock'))
    assert.deepEqual(clockOf(61, 0), [])
    assert.deepEqual(clockOf(62, 0), ['clock_off_slightly'])
    assert.deepEqual(clockOf(62, 3000), [])
    assert.deepEqual(clockOf(-121, 0), ['clock_off_slightly'])
    assert.deepEqual(clockOf(-123, 0), ['clock_off'])
  })
  it('finds nothing where nothing was looked at', () => assert.deepEqual(troublesOf({}), []))
})

describe('the table of findings', () => {
  const rules = readdirSync('src/doctor', { recursive: true, encoding: 'utf8' })
    .filter((name) => /(^|\/)diagnose.*(?<!\.test)\.ts$/.test(name))
    .map((name) => readFileSync(`src/doctor/${name}`, 'utf8'))
    .join('\n')

  it('has no finding that no rule makes', () => {
    const unused = Object.keys(findingTable).filter((id) => !rules.includes(`'${id}'`))
    assert.deepEqual(unused, [])
  })

  it('says in whole sentences what is, why it matters and what to do', () => {
    for (const [id, row] of Object.entries(findingTable)) {
      const texts = row.severity === 'ok' ? [row.what] : [row.what, row.why, row.fix]
      for (const text of texts)
        assert.match(text, /^([A-Z{]|`|\d|nginx).*([.:?}])$/s, `${id}: ${text}`)
    }
  })

  it('shows no control character of another machine', () => {
    const inFile = { kind: 'damaged', reason: 'x\u001b[31m\nERROR' } as const
    const [finding] = diagnose({ ...bare, keyRing: { file: '/f', inFile } }, ['keys'])
    assert.match(finding?.what ?? '', /x \[31m ERROR/)
  })
})
