import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isEntradaError } from '../errors/errors.ts'
import { endsConnection, isCollision, toStorageError } from './postgres-errors.ts'

describe('toStorageError', () => {
  it('says that the disk is full (H19)', () => {
    assert.equal(codeOf(toStorageError(serverError('53100'))), 'storage_full')
  })

  it('says unavailable when the server stops, is crowded, read-only, broken or refuses us', () => {
    const codes = ['57P01', '57P03', '57014', '53300', '53200', '25006', '55P03', '08006', '58030']
    for (const code of [...codes, 'XX001', '28P01', '28000', '3D000', '42501']) {
      assert.equal(codeOf(toStorageError(serverError(code))), 'storage_unavailable', code)
    }
  })

  it('says unavailable when the network broke', () => {
    const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    assert.equal(codeOf(toStorageError(broken)), 'storage_unavailable')
    assert.equal(codeOf(toStorageError(new Error('Connection terminated'))), 'storage_unavailable')
  })

  it('leaves a defect of ours, and a collision, as they are', () => {
    for (const code of ['42601', '23503', '23505', '40001', '40P01']) {
      const error = serverError(code)
      assert.equal(toStorageError(error), error)
    }
    assert.deepEqual(
      ['40001', '40P01', '23505'].map((code) => isCollision(serverError(code))),
      [true, true, false],
    )
  })
})

describe('endsConnection', () => {
  it('knows what the server says before it hangs up', () => {
    assert.ok(endsConnection(serverError('57P01', 'FATAL')))
    assert.ok(!endsConnection(serverError('23505')))
  })
})

function serverError(code: string, severity = 'ERROR') {
  return Object.assign(new Error(`as PostgreSQL says ${code}`), { code, severity })
}

function codeOf(error: unknown): string | undefined {
  return isEntradaError(error) ? error.code : undefined
}
