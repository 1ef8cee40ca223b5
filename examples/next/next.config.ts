import { resolve } from 'node:path'
import type { NextConfig } from 'next'

const config: NextConfig = {
  // Entrada reads files and opens a database: Node loads it, not the bundler.
  serverExternalPackages: ['entrada'],
  // In this repository `entrada` is a link to the folder two levels up, which has a lock file too. Elsewhere leave this line out.
  turbopack: { root: resolve(import.meta.dirname, '../..') },
}
export default config
