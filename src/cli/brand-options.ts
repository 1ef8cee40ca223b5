import { readFileSync } from 'node:fs'
import { EntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import { type BrandOptions, brandLogo } from '../http/brand.ts'
import type { Settings } from '../settings/config.ts'

/** Name, logo, colour and support contact as the settings have them. @throws {EntradaError} `settings_invalid` */
export function brandOptions(settings: Settings): BrandOptions {
  const { brandName: name, brandColor: color, brandLogoFile, supportContact } = settings
  return {
    name,
    ...(color ? { color } : {}),
    ...(supportContact ? { supportContact } : {}),
    ...(brandLogoFile ? { logo: readLogo(brandLogoFile) } : {}),
  }
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
