import { type Application, checkDirectory, type Directory, type User } from './directory.ts'

/** Says what shall be different about a record; a member set to `undefined` is taken away. */
export type Changes<Record> = { readonly [Member in keyof Record]?: Record[Member] | undefined }

/** A directory in which one person is different: renamed, disabled, moved between groups. */
export function withChangedUser(
  directory: Directory,
  userPrincipalName: string,
  changes: Changes<User>,
): Directory {
  const name = userPrincipalName.toLowerCase()
  const isMeant = (user: User) => user.userPrincipalName.toLowerCase() === name
  if (!directory.tenants.some(({ users }) => users.some(isMeant))) {
    throw new Error(`the emulator's directory has no user ${userPrincipalName}`)
  }
  const tenants = directory.tenants.map((tenant) => ({
    ...tenant,
    users: tenant.users.map((user) => (isMeant(user) ? changed(user, changes) : user)),
  }))
  return checked({ ...directory, tenants })
}

/** A directory in which one application is registered differently. */
export function withChangedApplication(
  directory: Directory,
  clientId: string,
  change: (application: Application) => Changes<Application>,
): Directory {
  const meant = directory.applications.find((application) => application.clientId === clientId)
  if (meant === undefined) throw new Error(`the emulator has no application ${clientId}`)
  const applications = directory.applications.map((application) =>
    application === meant ? changed(application, change(application)) : application,
  )
  return checked({ ...directory, applications })
}

/** The ids of the groups with these display names or ids, in the tenant of a person. */
export function groupIdsNamed(
  directory: Directory,
  userPrincipalName: string,
  names: readonly string[],
): readonly string[] {
  const tenant = directory.tenants.find(({ users }) =>
    users.some((user) => user.userPrincipalName.toLowerCase() === userPrincipalName.toLowerCase()),
  )
  return names.map((name) => {
    const group = tenant?.groups.find(({ id, displayName }) => id === name || displayName === name)
    if (group === undefined) throw new Error(`the tenant of ${userPrincipalName} has no ${name}`)
    return group.id
  })
}

function changed<Whole extends object>(whole: Whole, changes: Changes<Whole>): Whole {
  return { ...whole, ...changes }
}

function checked(directory: Directory): Directory {
  checkDirectory(directory)
  return directory
}
