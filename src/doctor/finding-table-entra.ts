import { idRemedies } from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'

export const entraFindings = {
  entra_not_configured: {
    severity: 'warning',
    what: 'No directory is configured: the login page has no Entra button.',
    why: 'Nobody but an operator with the token can get in.',
    fix: 'Set ENTRADA_ENTRA_TENANT_ID, ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_CLIENT_SECRET; docs/set-up-entra.md shows where they come from.',
  },
  directory_found: {
    severity: 'ok',
    what: 'The directory {tenantId} is found at {authority}, and speaks for itself. Cloud: {cloud}.',
  },
  entra_unreachable: {
    severity: 'error',
    what: 'This machine cannot reach {authority}: {reason}.',
    why: 'Nobody can sign in. Those who are signed in stay so.',
    fix: 'Check name resolution and the firewall for outgoing https from this machine, and the spelling of ENTRADA_ENTRA_AUTHORITY. Where a proxy is the only way out, set HTTPS_PROXY.',
  },
  entra_certificate_not_trusted: {
    severity: 'error',
    what: 'The TLS certificate that came from {authority} is not trusted here ({reason}).',
    why: 'Most often a proxy of the company opens all https with a certificate of its own. Entrada does not talk to somebody it cannot recognise.',
    fix: 'Have this host left out of the inspection, or name the authority of the company in NODE_EXTRA_CA_CERTS when starting Entrada.',
  },
  proxy_unreachable: {
    severity: 'error',
    what: 'The proxy {proxy}, through which requests to {authority} leave, does not answer.',
    why: 'Nobody can sign in, and no webhook is delivered. Those who are signed in stay so.',
    fix: 'Check the address in HTTPS_PROXY, that the proxy runs, and that this machine may connect to it. If {authority} is reached without it, name the host in NO_PROXY.',
  },
  proxy_refused: {
    severity: 'error',
    what: 'The proxy {proxy} gives no connection to {authority}: it answered {status}.',
    why: 'Nobody can sign in. Those who are signed in stay so.',
    fix: '407: put user and password into HTTPS_PROXY, percent-encoded (`http://user:p%40ss@…`). 403: have the proxy allow the host. 502 to 504: the proxy itself cannot reach it.',
  },
  entra_failing: {
    severity: 'error',
    what: '{authority} answered {status} instead of describing the directory.',
    why: 'While that lasts nobody can sign in. 429 means that too much was asked of it.',
    fix: 'Wait a few minutes and run this again. If it stays so, look at status.cloud.microsoft, and at what stands between this machine and Entra.',
    whoCanFix: 'nobody_needed',
  },
  tenant_unknown: {
    severity: 'error',
    what: '{authority} knows no directory {tenant}.',
    why: 'Nobody can sign in: Entra shows AADSTS90002.',
    fix: idRemedies.directory,
  },
  tenant_in_other_cloud: {
    severity: 'error',
    what: 'The directory {tenant} is not at {authority} but at {other}.',
    why: 'Each cloud has directories and applications of its own. Nobody can sign in through the wrong one.',
    fix: 'Set ENTRADA_ENTRA_AUTHORITY={other}, and register the application in that cloud.',
  },
  discovery_of_another_party: {
    severity: 'error',
    what: 'The description of the directory at {authority} names somebody else in `{member}`.',
    why: 'Whoever answers there is not who it says. Entrada refuses it, as it would send people and the secret elsewhere.',
    fix: 'Set ENTRADA_ENTRA_AUTHORITY to the host of your cloud, and see that no proxy rewrites the answer. For Entra External ID it is https://NAME.ciamlogin.com, not a domain of your own.',
  },
  discovery_not_understood: {
    severity: 'error',
    what: 'What {authority} answered (status {status}) is no description of a directory.',
    why: 'A proxy, a captive portal or another server seems to answer in place of Entra. Nobody can sign in.',
    fix: 'Open {url} with curl on this machine and see who answers. Correct ENTRADA_ENTRA_AUTHORITY, or the way out.',
  },
  authority_not_microsoft: {
    severity: 'info',
    what: '{authority} is not one of the clouds that Entrada knows.',
    why: 'That is right for the emulator and for other systems that speak like Entra; a misspelling of a real cloud is not.',
    fix: 'Nothing, if it is meant so.',
  },
  tenant_by_domain: {
    severity: 'info',
    what: 'The domain {tenant} belongs to the directory {tenantId}.',
    why: 'A domain can move to another directory. Entrada then refuses to mix the people, but an id cannot move at all.',
    fix: 'Set ENTRADA_ENTRA_TENANT_ID={tenantId}.',
  },
  tenant_changed: {
    severity: 'error',
    what: 'People of the directory {linked} are in the database, and {tenantId} is configured.',
    why: 'The same address may be somebody else in another directory. Entrada does not start, or refuses sign-ins, rather than mix them.',
    fix: 'Bring back the former ENTRADA_ENTRA_TENANT_ID, or start with an empty database.',
  },
  keys_published: {
    severity: 'ok',
    what: 'The directory publishes {count} usable signing keys for {issuer}.',
  },
  keys_unreachable: {
    severity: 'error',
    what: 'The signing keys could not be fetched from {url}: {reason}.',
    why: 'Without them no answer of Entra can be checked, so nobody is let in.',
    fix: 'See that this machine reaches the address; it is on the same host as everything else of Entra.',
  },
  keys_empty: {
    severity: 'error',
    what: 'The list of signing keys at {url} holds no key that can be used.',
    why: 'No answer of Entra could be checked, so nobody is let in.',
    fix: 'Wait and run this again. If it stays so, somebody else answers in place of Entra.',
  },
  keys_of_another_issuer: {
    severity: 'error',
    what: 'None of the {count} published signing keys may sign for {issuer}.',
    why: 'Each key says for which directory it may sign. Every sign-in would be refused with id_token_key_unknown.',
    fix: 'See that no proxy rewrites the answer, and that ENTRADA_ENTRA_AUTHORITY is the host of your cloud.',
  },
  keys_single: {
    severity: 'warning',
    what: 'Only one signing key is published.',
    why: 'Entra always publishes several, so that keys can change without a gap. With one, sign-ins fail for a moment at each change.',
    fix: 'Nothing here; if this is an application with a signing key of its own, see that the next one is added before the change.',
    whoCanFix: 'application_administrator',
  },
  connections_share_application: {
    severity: 'warning',
    what: 'Connections of different organizations have the same directory and the same application:',
    why: 'The same people come in through both, each time as members of another organization, and a secret that is replaced in one stops the other.',
    fix: 'Turn off the connection that was made by mistake. If it is meant so, give each its own app registration.',
  },
} as const satisfies FindingRows

export const clockFindings = {
  clock_right: {
    severity: 'ok',
    what: "This machine's clock agrees with {authority} ({seconds} s apart at most).",
  },
  clock_not_compared: {
    severity: 'info',
    what: 'The clock could not be compared: no answer of Entra with a date came.',
    why: 'A clock that is off by more than two minutes refuses every sign-in.',
    fix: 'Solve what keeps Entra from being reached, then run this again.',
  },
  clock_off_slightly: {
    severity: 'warning',
    what: "This machine's clock is {seconds} s {direction}, compared with {authority}.",
    why: 'At two minutes every sign-in is refused; a clock that is off by one is on its way there.',
    fix: 'Switch time synchronisation on (`timedatectl set-ntp true`), and see that it reaches a time server.',
  },
  clock_off: {
    severity: 'error',
    what: "This machine's clock is {seconds} s {direction}, compared with {authority}.",
    why: 'Entrada allows for 120 s. Every sign-in is refused, since the answer of Entra is not valid yet or not any more.',
    fix: 'Set the clock, and switch time synchronisation on (`timedatectl set-ntp true`).',
  },
} as const satisfies FindingRows
