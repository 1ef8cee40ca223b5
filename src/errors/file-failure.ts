/** Why a file could not be read or written, in words. A file that this user may not read is not damaged: the remedies differ. */

/** Completes the sentence "The file …". Names the system's reason where there is one, and never what the file holds. */
export function cannotBeRead(error: unknown): string {
  return `cannot be read${readFailureReason(error)}`
}

/** `: ` and why the system refused, or nothing where it gave no reason. */
export function readFailureReason(error: unknown): string {
  const code = systemCodeOf(error)
  return code === undefined ? '' : `: ${reasonOf(code)}`
}

/** Whether the rights of this user are too small; the file itself may be in order. */
export function isNotPermitted(error: unknown): boolean {
  const code = systemCodeOf(error)
  return code === 'EACCES' || code === 'EPERM'
}

/** Whether there is nothing under this path. */
export function isAbsent(error: unknown): boolean {
  return systemCodeOf(error) === 'ENOENT'
}

/** The words by which a problem of a setting shows that only rights are missing. */
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
