import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPersonIndex } from './person-index.ts'

const short = { directory: 'tenant', subject: 'object' }
const inChina = { ...short, space: 'entra:china' }
const inGlobal = { ...short, space: 'entra:global' }

describe('createPersonIndex', () => {
  it('keeps people with the same ids in two clouds apart', () => {
    const people = createPersonIndex<string>()
    people.add(inChina, 'kim')
    assert.equal(people.find(inChina), 'kim')
    assert.equal(people.find(inGlobal), undefined)
    people.add(inGlobal, 'lee')
    assert.equal(people.find(inGlobal), 'lee')
  })

  it('finds a short form in every cloud, and a whole key that was added in the short form', () => {
    const people = createPersonIndex<string>()
    people.add(inChina, 'kim')
    assert.equal(people.find(short), 'kim')
    assert.equal(people.find({ ...short, subject: 'other' }), undefined)
    const ofShort = createPersonIndex<string>()
    ofShort.add(short, 'kim')
    assert.equal(ofShort.find(inChina), 'kim')
  })
})
