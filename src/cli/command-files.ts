/** Every command, by the first word of its name. A server that starts loads no command but its own. */
import type { Command } from './command.ts'

type CommandFile = {
  /** The words that the names in the file begin with. */
  readonly words: readonly string[]
  readonly load: () => Promise<readonly Command[]>
}

/** In the order of the help. */
const commandFiles: readonly CommandFile[] = [
  { words: ['dev'], load: async () => [(await import('./dev.ts')).devCommand] },
  { words: ['serve'], load: async () => [(await import('./serve.ts')).serveCommand] },
  { words: ['doctor'], load: async () => [(await import('./doctor.ts')).doctorCommand] },
  { words: ['emulator'], load: async () => [(await import('./emulator.ts')).emulatorCommand] },
  { words: ['explain'], load: async () => [(await import('./explain.ts')).explainCommand] },
  {
    words: ['certificate'],
    load: async () => (await import('./certificate.ts')).certificateCommands,
  },
  {
    words: ['organization'],
    load: async () => (await import('./organization.ts')).organizationCommands,
  },
  { words: ['connection'], load: async () => (await import('./connection.ts')).connectionCommands },
  { words: ['credential'], load: async () => (await import('./credential.ts')).credentialCommands },
  { words: ['membership'], load: async () => (await import('./membership.ts')).membershipCommands },
  {
    words: ['organization'],
    load: async () => (await import('./enforcement.ts')).enforcementCommands,
  },
  { words: ['user'], load: async () => (await import('./user.ts')).userCommands },
  { words: ['user'], load: async () => [(await import('./user-import.ts')).userImportCommand] },
  { words: ['session'], load: async () => (await import('./session.ts')).sessionCommands },
  { words: ['domain'], load: async () => (await import('./domain.ts')).domainCommands },
  { words: ['webhook'], load: async () => (await import('./webhook.ts')).webhookCommands },
  {
    words: ['user', 'organization'],
    load: async () => (await import('./data-export.ts')).dataExportCommands,
  },
  { words: ['sign-in'], load: async () => (await import('./sign-in.ts')).signInCommands },
  { words: ['audit'], load: async () => (await import('./audit.ts')).auditCommands },
  { words: ['apply', 'export'], load: async () => (await import('./apply.ts')).applyCommands },
  { words: ['api-key'], load: async () => (await import('./api-key.ts')).apiKeyCommands },
  { words: ['migrate'], load: async () => [(await import('./migrate.ts')).migrateCommand] },
  { words: ['key'], load: async () => (await import('./key.ts')).keyCommands },
  { words: ['backup'], load: async () => [(await import('./backup.ts')).backupCommand] },
  { words: ['restore'], load: async () => (await import('./restore.ts')).restoreCommands },
]

/** Loads every command, in the order of the help. */
export async function loadCommands(): Promise<readonly Command[]> {
  return loadAll(commandFiles)
}

/** Loads the commands whose names begin with the word. */
export async function loadCommandsOf(word: string): Promise<readonly Command[]> {
  return loadAll(commandFiles.filter(({ words }) => words.includes(word)))
}

async function loadAll(files: readonly CommandFile[]): Promise<readonly Command[]> {
  return (await Promise.all(files.map(({ load }) => load()))).flat()
}
