import { mkdirSync, writeFileSync } from 'node:fs'
import { clientPaths } from './client-paths.ts'
import { referencePages } from './reference-pages.ts'

const folder = new URL('../docs/reference/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(referencePages()))
  writeFileSync(new URL(name, folder), text)
writeFileSync(new URL('../src/client/paths.ts', import.meta.url), clientPaths())
