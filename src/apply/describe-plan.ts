import type { FileCredential } from './configuration-file.ts'
import type { Plan, Step } from './plan.ts'

/** Describes a step in one line: `+` creates, `~` changes, `-` removes. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'create_organization':
      return `+ organization ${step.id}`
    case 'change_organization':
      return `~ organization ${step.id}: ${membersOf(step.body)}`
    case 'create_connection':
      return `+ connection ${step.id}`
    case 'take_over':
      return `~ connection ${step.id}: managed by the file from now on`
    case 'change_connection':
      return `~ connection ${step.id}: ${membersOf(step.body)}`
    case 'add_credential':
      return `+ credential of ${step.id}: ${credentialText(step.credential)}`
    case 'set_credential':
      return `~ credential ${step.credentialId} of ${step.id}: ${step.state}`
    case 'turn_on':
      return `~ connection ${step.id}: on`
    case 'turn_off':
      return `~ connection ${step.id}: off`
    case 'remove_credential':
      return `- credential ${step.credentialId} of ${step.id}`
    case 'remove_connection':
      return `- connection ${step.id}`
  }
}

/** Describes what `--prune` would remove. */
export function describeLeft({ left }: Plan): readonly string[] {
  return left.map((name) => `  ${name} is not in the file and stays; --prune removes it`)
}

function membersOf(body: object): string {
  return Object.keys(body).join(', ')
}

function credentialText(credential: FileCredential): string {
  return credential.kind === 'client_secret'
    ? `client_secret from ${credential.from}`
    : credential.kind
}
