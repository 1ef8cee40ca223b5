/** A DNS of one test: what customers put there, and how it fails. */
import { EntradaError } from '../../src/errors/errors.ts'
import { challengeRecord } from '../../src/organizations/domains.ts'
import type { Domain } from '../../src/storage/records.ts'

export type TestDns = {
  readonly resolveTxt: (name: string) => Promise<readonly string[]>
  /** How often a name was asked for. */
  readonly asked: string[]
  /** The customer does what the instructions say. */
  add(domain: Domain): void
  remove(domain: Domain): void
  /** From now on nothing is answered, or again. */
  setDown(down: boolean): void
}

export function createTestDns(): TestDns {
  const records = new Map<string, Set<string>>()
  const names: string[] = []
  let isDown = false
  const textsAt = (name: string) => {
    const texts = records.get(name) ?? new Set<string>()
    records.set(name, texts)
    return texts
  }
  return {
    asked: names,
    async resolveTxt(name) {
      names.push(name)
      if (isDown) throw new EntradaError('dns_unavailable', { reason: 'ETIMEOUT' })
      return ['v=spf1 -all', ...textsAt(name)]
    },
    add(domain) {
      const { name, value } = challengeRecord(domain)
      textsAt(name).add(value)
    },
    remove(domain) {
      const { name, value } = challengeRecord(domain)
      textsAt(name).delete(value)
    },
    setDown(down) {
      isDown = down
    },
  }
}
