import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isOperatorToken } from './access/operator-token.ts'
import { newSecretKey } from './keys/key-ring.ts'
import { Secret } from './keys/secret.ts'
import { openParts } from './open-services.ts'

function openWith(...operatorTokens: readonly string[]) {
  return openParts({
    serverUrl: new URL('http://localhost:3000'),
    database: ':memory:',
    secretKeys: [new Secret(newSecretKey())],
    operatorTokens: operatorTokens.map((token) => new Secret(token)),
  })
}

describe('operator tokens given by an application', () => {
  it('are refused like those of the settings when they are empty or can be guessed', async () => {
    const strong = newSecretKey()
    for (const weak of ['', ' ', 'secret', 'a'.repeat(43)]) {
      await assert.rejects(openWith(strong, weak), (error) => {
        assert.match(
          JSON.stringify(error),
          /"settings_invalid".*operatorTokens\[1\] (must be|is missing)/,
        )
        return true
      })
    }
    const services = await openWith(strong)
    assert.equal(isOperatorToken(services, ` ${strong}\n`), true)
    await services.close()
  })
})

describe('isOperatorToken', () => {
  it('never takes nothing for a token, whatever is configured', async () => {
    const services = await openWith()
    const deployment = { ...services.deployment, operatorTokenHashes: [services.sha256('')] }
    for (const nothing of ['', ' ', '\n']) {
      assert.equal(isOperatorToken({ ...services, deployment }, nothing), false)
    }
    await services.close()
  })
})
