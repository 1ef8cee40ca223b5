import type { NextConfig } from 'next'

const config: NextConfig = {
  // Entrada reads files and opens a database: Node loads it, not the bundler.
  serverExternalPackages: ['entrada'],
}
export default config
