import { readFileSync } from 'node:fs'
import { EntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import { type BrandOptions, brandLogo } from '../http/brand.ts'
import { type Settings, toOptions } from '../settings/config.ts'

/** Returns name, logo, colour and support contact of the settings. @throws {EntradaError} `settings_invalid` */
export function brandOptions(settings: Settings): BrandOptions {
  const { brandLogoFile } = settings
  const { brand } = toOptions(settings)
  return { ...brand, ...(brandLogoFile ? { logo: readLogo(brandLogoFile) } : {}) }
}

function readLogo(path: string): Uint8Array {
  try {
    const bytes = readFileSync(path)
    brandLogo(bytes)
    return bytes
  } catch (error) {
    const problem =
      error instanceof Error && 'code' in error ? cannotBeRead(error) : messageOf(error)
    throw new EntradaError('settings_invalid', { problems: [`ENTRADA_BRAND_LOGO_FILE ${problem}`] })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'is not valid'
}
