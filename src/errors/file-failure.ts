/** Explains why a file could not be read or written. A file that this user may not read is not damaged: the remedies differ. */

/** Returns the end of the sentence "The file …", with the reason of the system where there is one, and never the content of the file. */
export function cannotBeRead(error: unknown): string {
  return `cannot be read${readFailureReason(error)}`
}

/** Returns `: ` and the reason of the system, or empty text where it gave none. */
export function readFailureReason(error: unknown): string {
  const code = systemCodeOf(error)
  return code === undefined ? '' : `: ${reasonOf(code)}`
}

/** Returns whether this user lacks the rights; the file itself may be in order. */
export function isNotPermitted(error: unknown): boolean {
  const code = systemCodeOf(error)
  return code === 'EACCES' || code === 'EPERM'
}

/** Returns whether nothing exists at the path. */
export function isAbsent(error: unknown): boolean {
  return systemCodeOf(error) === 'ENOENT'
}

/** Words in a problem of a setting by which callers recognize that only rights are missing. */
export const NOT_PERMITTED = 'this user may not read it'

function reasonOf(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `${NOT_PERMITTED} (${code})`
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'it is a folder'
    case 'ENOTDIR':
      return 'a part of its path is not a folder'
    default:
      return code
  }
}

function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}
