import { idRemedies, newSecret } from '../errors/registration-facts.ts'
import { appRegistration } from '../identity-provider/entra/protocol/entra-error-table-entry.ts'
import type { FindingRows } from './finding.ts'

const credentials = `${appRegistration} > Certificates & secrets`

export const credentialFindings = {
  credential_good: {
    severity: 'ok',
    what: 'Entra takes {credential}. Tried: a code that does not exist, which Entra refused for the code alone, then a token for the application itself, which it gave and which was thrown away.',
  },
  credential_seems_good: {
    severity: 'ok',
    what: 'Entra seems to take {credential}. Tried: a code that does not exist, which it refused for the code and not for the credential; a token for the application itself it refused for another reason ({reason}).',
  },
  credential_wrong: {
    severity: 'error',
    what: 'Entra does not know {credential} (AADSTS7000215): it is not a secret of the application {clientId}.',
    why: 'Nobody can sign in: Entra would refuse every code that comes back.',
    fix: `${newSecret(appRegistration)} Put it into ENTRADA_ENTRA_CLIENT_SECRET. See that nothing is cut off or quoted.`,
    whoCanFix: 'application_administrator',
  },
  credential_expired: {
    severity: 'error',
    what: 'Entra says that {credential} has expired (AADSTS7000222).',
    why: 'Nobody can sign in. Operators can still enter at /login/token.',
    fix: `Make a new secret in ${credentials} and put its value into ENTRADA_ENTRA_CLIENT_SECRET, with its end in ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES. A certificate or federated token spares you the next time.`,
    whoCanFix: 'application_administrator',
  },
  credential_refused: {
    severity: 'error',
    what: 'Entra refuses {credential}.',
    why: 'Nobody can sign in with it.',
    fix: `{remedy} Compare with ${credentials}.`,
    whoCanFix: 'application_administrator',
  },
  credential_spare_refused: {
    severity: 'warning',
    what: 'Entra refuses {credential}, but takes another one that is configured.',
    why: 'People can sign in. When the good one ends, nothing is left.',
    fix: 'Remove it from the settings if it is the old one, or correct it if it is the new one.',
  },
  credential_unreadable: {
    severity: 'error',
    what: 'The file of {credential} cannot be used: it {reason}.',
    why: 'Entrada cannot prove to Entra that it is the application.',
    fix: 'See that the platform mounts the token, that its path stands in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE, and that this user may read it.',
  },
  credential_not_readable: {
    severity: 'error',
    what: 'This user may not read the file of {credential}.',
    why: 'The server reads it if it runs as another user. If it runs as this one, Entrada cannot prove to Entra that it is the application.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, let that user read the file; in Kubernetes, `fsGroup` gives it to the group of the pod.',
  },
  credential_not_tried: {
    severity: 'warning',
    what: 'Whether Entra takes {credential} could not be found out: {reason}.',
    why: 'A wrong credential shows only when somebody comes back from Entra.',
    fix: 'Solve what else is reported here, then run this again.',
  },
  client_id_unknown: {
    severity: 'error',
    what: 'There is no application {clientId} in this directory.',
    why: 'Nobody can sign in: Entra shows AADSTS700016. The id may be that of an object, of another application, or the application is single-tenant and lives in another directory.',
    fix: idRemedies.application,
  },
  credential_ended: {
    severity: 'warning',
    what: 'By its date, {credential} ended on {date}.',
    why: 'If Entra still takes it, the date in the settings is wrong; if not, nobody can sign in with it.',
    fix: `Compare the date with ${credentials}, and replace what has ended.`,
    whoCanFix: 'application_administrator',
  },
  credential_ends_soon: {
    severity: 'warning',
    what: 'On {date}, in {days} days, {credential} ends.',
    why: 'From then on nobody can sign in with it. An expired secret is the most frequent outage of all.',
    fix: `Make the next one in ${credentials} now and configure it beside the old one: several may be given, and the newest that works is used.`,
    whoCanFix: 'application_administrator',
  },
  credential_lasts: {
    severity: 'ok',
    what: 'There are {days} days left of {credential}, until {date}.',
  },
  credential_end_unknown: {
    severity: 'info',
    what: 'It is not known when {credential} ends.',
    why: 'Entra lets secrets last two years at most and tells an application nothing about it, so there can be no warning.',
    fix: `Copy the date from ${credentials} into ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES, such as 2027-11-22.`,
  },
} as const satisfies FindingRows
