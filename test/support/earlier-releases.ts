/** The programs of earlier schemas, as they were built then; see test/releases/README.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { temporaryFolder } from './server-process.ts'

export type EarlierRelease = { readonly schema: number; readonly file: string }

const folder = 'test/releases'

export const earlierReleases: readonly EarlierRelease[] = readdirSync(folder)
  .map((file) => ({ file, schema: Number(/^schema-(\d+)\.js\.br$/.exec(file)?.[1]) }))
  .filter(({ schema }) => schema > 0)

/** Puts the program into a folder that goes with the test, and answers where. */
export async function unpackRelease(t: TestContext, { file }: EarlierRelease): Promise<string> {
  const path = join(await temporaryFolder(t), 'entrada.mjs')
  await writeFile(path, brotliDecompressSync(readFileSync(join(folder, file))))
  return path
}
