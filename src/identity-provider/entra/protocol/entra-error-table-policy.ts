import {
  conditionalAccess,
  crossTenantAccess,
  type EntraErrorEntry,
  type EntraErrorTable,
  signInLogs,
  startAgain,
  users,
} from './entra-error-table-entry.ts'

const secondStepMissing: EntraErrorEntry = {
  name: 'UserStrongAuthEnrollmentRequiredInterrupt',
  whatHappened: 'A second step is required and this person has not registered one yet.',
  remedy: `The person registers at https://aka.ms/mysecurityinfo or when Entra asks; if that fails, ${users} > the person > Authentication methods.`,
  whoCanFix: 'person',
  shown:
    'You need to register a second way to confirm it is you. Sign in again and follow the steps.',
}

const secondStepNeeded: EntraErrorEntry = {
  name: 'UserStrongAuthClientAuthNRequired',
  whatHappened:
    'A rule of the directory, or a new place or network, demands a second step for this sign-in.',
  remedy: `Sign in again and complete it. Entrada passes on the claims that Entra demands; which rule applied is under ${signInLogs} > the sign-in > Conditional Access.`,
  whoCanFix: 'person',
  shown: 'Your organization asks for a second step. Sign in again and complete it.',
}

const blocked: EntraErrorEntry = {
  name: 'BlockedByConditionalAccess',
  whatHappened: 'A Conditional Access rule of the directory refuses this sign-in.',
  remedy: `${signInLogs} > the sign-in > Conditional Access names the rule; change it, or leave the person out of it, in ${conditionalAccess} > Policies.`,
  whoCanFix: 'directory_administrator',
  shown:
    'A rule of your organization does not allow this sign-in. Ask your administrator which rule it was.',
}

/** Errors about policies of the directory: second step, devices, risk, and access from another tenant. */
export const policyErrors: EntraErrorTable = {
  50072: secondStepMissing,
  50079: { ...secondStepMissing, name: 'UserStrongAuthEnrollmentRequired' },
  50074: {
    ...secondStepNeeded,
    name: 'UserStrongAuthClientAuthNRequiredInterrupt',
    whatHappened: 'A second step was asked for and was not completed.',
  },
  50076: secondStepNeeded,
  50078: {
    ...secondStepNeeded,
    name: 'UserStrongAuthExpired',
    whatHappened: 'The second step was completed too long ago and has to be done afresh.',
  },
  50097: {
    name: 'DeviceAuthenticationRequired',
    whatHappened: 'A rule of the directory wants the device itself to prove who it is.',
    remedy:
      'Use a device known to the organization and a browser that passes its identity on: Edge, or Chrome and Firefox with Microsoft single sign-on switched on.',
    whoCanFix: 'person',
    shown:
      'Sign in from a device that your organization knows, or ask your administrator to register yours.',
  },
  53000: {
    name: 'DeviceNotCompliant',
    whatHappened:
      'Only devices that meet the rules of the organization are admitted; this one does not.',
    remedy: `Enrol the device in Intune and see what it fails in intune.microsoft.com > Devices; the rule is in ${conditionalAccess} > Policies.`,
    whoCanFix: 'person',
    shown:
      'This device does not meet the rules of your organization. Enrol it, or ask your administrator to help.',
  },
  53001: {
    name: 'DeviceNotDomainJoined',
    whatHappened: "Only devices joined to the organization's domain are admitted; this one is not.",
    remedy: `Use a joined device; the rule is in ${conditionalAccess} > Policies, the devices under entra.microsoft.com > Entra ID > Devices.`,
    whoCanFix: 'person',
    shown:
      'This device does not belong to your organization. Use one that does, or ask your administrator to join it.',
  },
  53003: blocked,
  53011: {
    name: 'Blocked for risk at home',
    whatHappened:
      "The person's own directory considers the account at risk, and so it is not admitted here.",
    remedy:
      "An administrator of the person's own directory clears the risk in entra.microsoft.com > ID Protection > Risky users.",
    whoCanFix: 'directory_administrator',
    shown:
      'Your account is blocked as a precaution. Ask the administrator of your own organization to clear it.',
  },
  70043: {
    name: 'BadTokenDueToSignInFrequency',
    whatHappened: 'A rule of the directory asks people to sign in afresh after a certain time.',
    remedy: `Nothing to repair: the person signs in again. The time is set in ${conditionalAccess} > Policies > Session > Sign-in frequency.`,
    whoCanFix: 'person',
    shown: `Your organization asks you to sign in from time to time. ${startAgain}`,
    where: 'token_endpoint',
  },
  500212: {
    name: 'NotAllowedByOutboundPolicyTenant',
    whatHappened: "The person's own directory does not let its people use accounts in this one.",
    remedy: `An administrator of the person's own directory allows it in ${crossTenantAccess} > Outbound access.`,
    whoCanFix: 'directory_administrator',
    shown:
      'Your own organization does not allow you to sign in here. Ask its administrator to allow it.',
    where: 'entra_page',
  },
  500213: {
    name: 'NotAllowedByInboundPolicyTenant',
    whatHappened: 'This directory does not admit people of the directory the account comes from.',
    remedy: `An administrator of the directory that was entered allows it in ${crossTenantAccess} > Inbound access.`,
    whoCanFix: 'directory_administrator',
    shown:
      'People of your organization are not admitted here. Ask the administrator of the organization you want to enter.',
    where: 'entra_page',
  },
  530032: {
    ...blocked,
    name: 'BlockedByConditionalAccessOnSecurityPolicy',
    whatHappened: 'A security rule for the whole directory refuses this sign-in.',
  },
  530035: {
    ...blocked,
    name: 'BlockedBySecurityDefaults',
    whatHappened:
      'The security defaults of the directory refuse this sign-in: the method is outdated or the request looked unsafe.',
    remedy: `See the reason in ${signInLogs}. The switch is entra.microsoft.com > Entra ID > Overview > Properties > Manage security defaults; replace it by Conditional Access rather than turn it off.`,
  },
}
