import { appRegistration, idRemedies, newSecret } from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

const credentials = `${appRegistration} > Certificates & secrets`

export const credentialFindings = {
  credential_good: ok(
    'Entra accepts {credential}. Two requests were sent: one with a made-up code, which Entra refused because of the code alone, and one for a token of the application itself, which Entra granted. The token was discarded.',
  ),
  credential_seems_good: ok(
    'Entra seems to accept {credential}. Two requests were sent: one with a made-up code, which Entra refused because of the code and not because of the credential, and one for a token of the application itself, which Entra refused for another reason ({reason}).',
  ),
  credential_wrong: {
    severity: 'error',
    what: 'Entra does not know {credential} (AADSTS7000215): it is not a secret of the application {clientId}.',
    why: 'All sign-ins fail: Entra refuses to redeem any authorization code.',
    fix: `${newSecret(appRegistration)} Put it into ENTRADA_ENTRA_CLIENT_SECRET. Check that the value is complete and has no quotation marks.`,
    whoCanFix: 'application_administrator',
  },
  credential_expired: {
    severity: 'error',
    what: 'Entra reports that {credential} has expired (AADSTS7000222).',
    why: 'All sign-ins fail. Operators can still sign in at /login/token.',
    fix: `Create a new secret in ${credentials}, put its value into ENTRADA_ENTRA_CLIENT_SECRET and its expiry date into ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES. With a certificate or a federated token you need not repeat this.`,
    whoCanFix: 'application_administrator',
  },
  credential_refused: {
    severity: 'error',
    what: 'Entra refuses {credential}.',
    why: 'All sign-ins with it fail.',
    fix: `{remedy} Compare with ${credentials}.`,
    whoCanFix: 'application_administrator',
  },
  credential_spare_refused: {
    severity: 'warning',
    what: 'Entra refuses {credential}, but accepts another configured credential.',
    why: 'Sign-ins work now. When the accepted credential expires, they fail.',
    fix: 'Remove it from the settings if it is the old one. Correct it if it is the new one.',
  },
  credential_unreadable: {
    severity: 'error',
    what: 'The file of {credential} cannot be used: it {reason}.',
    why: 'Without it, Entrada cannot authenticate to Entra.',
    fix: 'Check that the platform mounts the token, that ENTRADA_ENTRA_FEDERATED_TOKEN_FILE contains its path, and that this user may read it.',
  },
  credential_not_readable: {
    severity: 'error',
    what: 'This user may not read the file of {credential}.',
    why: 'If the server runs as another user, it may be able to read the file. If it runs as this user, Entrada cannot authenticate to Entra.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, let that user read the file; in Kubernetes, `fsGroup` gives the group of the pod access.',
  },
  credential_not_tried: {
    severity: 'warning',
    what: 'It could not be checked whether Entra accepts {credential}: {reason}.',
    why: 'A wrong credential then shows only when the next user returns from Entra.',
    fix: 'Fix the other findings, then run this again.',
  },
  client_id_unknown: {
    severity: 'error',
    what: 'This directory has no application {clientId}.',
    why: 'All sign-ins fail: Entra shows AADSTS700016. The id may be an object id or the id of another application, or the application is single-tenant and belongs to another directory.',
    fix: idRemedies.application,
  },
  credential_ended: {
    severity: 'warning',
    what: 'According to its configured date, {credential} expired on {date}.',
    why: 'If Entra still accepts it, the configured date is wrong. If not, all sign-ins with it fail.',
    fix: `Compare the date with ${credentials}, and replace the credential if it has expired.`,
    whoCanFix: 'application_administrator',
  },
  credential_ends_soon: {
    severity: 'warning',
    what: '{credential} expires on {date}, in {days} days.',
    why: 'From then on, all sign-ins with it fail. An expired secret is the most frequent cause of an outage.',
    fix: `Create the next one in ${credentials} now and configure it in addition to the old one. Several credentials may be configured; Entrada uses the newest that works.`,
    whoCanFix: 'application_administrator',
  },
  credential_lasts: ok('{credential} is valid for {days} more days, until {date}.'),
  credential_end_unknown: {
    severity: 'info',
    what: 'The expiry date of {credential} is not known.',
    why: 'Secrets of Entra expire after at most two years, and Entra does not report the date to the application, so Entrada cannot warn you.',
    fix: `Copy the expiry date from ${credentials} into ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES, such as 2027-11-22.`,
  },
} as const satisfies FindingRows
