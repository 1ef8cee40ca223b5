import { idRemedies } from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const entraFindings = {
  entra_not_configured: {
    severity: 'warning',
    what: 'No directory is configured: the login page has no Entra button.',
    why: 'Only an operator with the operator token can sign in.',
    fix: 'Set ENTRADA_ENTRA_TENANT_ID, ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_CLIENT_SECRET; docs/set-up-entra.md shows where they come from.',
  },
  directory_found: ok(
    'The directory {tenantId} was found at {authority}, and its metadata names this directory. Cloud: {cloud}.',
  ),
  entra_unreachable: {
    severity: 'error',
    what: 'This machine cannot reach {authority}: {reason}.',
    why: 'All sign-ins fail. Users who are signed in stay signed in.',
    fix: 'Check name resolution, the firewall for outgoing https from this machine, and the spelling of ENTRADA_ENTRA_AUTHORITY. If requests have to leave through a proxy, set HTTPS_PROXY.',
  },
  entra_certificate_not_trusted: {
    severity: 'error',
    what: 'The TLS certificate that {authority} presented is not trusted here ({reason}).',
    why: 'Usually a proxy of the company inspects all https traffic with its own certificate. Entrada does not connect to a server whose certificate it cannot verify.',
    fix: "Exclude this host from the inspection, or name the certificate of the company's authority in NODE_EXTRA_CA_CERTS when you start Entrada.",
  },
  proxy_unreachable: {
    severity: 'error',
    what: 'The proxy {proxy}, which is used for requests to {authority}, does not answer.',
    why: 'All sign-ins fail, and no webhook is delivered. Users who are signed in stay signed in.',
    fix: 'Check the address in HTTPS_PROXY, that the proxy runs, and that this machine may connect to it. If {authority} can be reached directly, name the host in NO_PROXY.',
  },
  proxy_refused: {
    severity: 'error',
    what: 'The proxy {proxy} refuses to connect to {authority}: it answered {status}.',
    why: 'All sign-ins fail. Users who are signed in stay signed in.',
    fix: '407: put user and password into HTTPS_PROXY, percent-encoded (`http://user:p%40ss@…`). 403: let the proxy allow the host. 502 to 504: the proxy itself cannot reach the host.',
  },
  entra_failing: {
    severity: 'error',
    what: '{authority} answered {status} instead of returning the metadata of the directory.',
    why: 'While this lasts, all sign-ins fail. 429 means that Entra received too many requests.',
    fix: 'Wait a few minutes and run this again. If the finding remains, look at status.cloud.microsoft, and at the proxies and firewalls between this machine and Entra.',
    whoCanFix: 'nobody_needed',
  },
  tenant_unknown: {
    severity: 'error',
    what: '{authority} does not know the directory {tenant}.',
    why: 'All sign-ins fail: Entra shows AADSTS90002.',
    fix: idRemedies.directory,
  },
  tenant_in_other_cloud: {
    severity: 'error',
    what: 'The directory {tenant} is at {other}, not at {authority}.',
    why: 'Each cloud has its own directories and applications. All sign-ins through the wrong cloud fail.',
    fix: 'Set ENTRADA_ENTRA_AUTHORITY={other}, and register the application in that cloud.',
  },
  discovery_of_another_party: {
    severity: 'error',
    what: 'The metadata of the directory at {authority} names another party in `{member}`.',
    why: 'The server that answers is not the one it claims to be. Entrada refuses the metadata, because it would send users and the client secret to that party.',
    fix: 'Set ENTRADA_ENTRA_AUTHORITY to the host of your cloud, and check that no proxy rewrites the answer. For Entra External ID it is https://NAME.ciamlogin.com, not a custom domain.',
  },
  discovery_not_understood: {
    severity: 'error',
    what: 'The answer of {authority} (status {status}) is not the metadata of a directory.',
    why: 'A proxy, a captive portal or another server seems to answer instead of Entra. All sign-ins fail.',
    fix: 'Open {url} with curl on this machine to see which server answers. Correct ENTRADA_ENTRA_AUTHORITY, or the network route to Entra.',
  },
  authority_not_microsoft: {
    severity: 'info',
    what: '{authority} is not a cloud that Entrada knows.',
    why: 'That is expected for the emulator and for compatible systems. Otherwise the name of a cloud may be misspelt.',
    fix: 'Nothing, if this is intended.',
  },
  tenant_by_domain: {
    severity: 'info',
    what: 'The domain {tenant} belongs to the directory {tenantId}.',
    why: 'A domain can move to another directory. Entrada would then refuse sign-ins rather than mix users. A tenant id never moves.',
    fix: 'Set ENTRADA_ENTRA_TENANT_ID={tenantId}.',
  },
  tenant_changed: {
    severity: 'error',
    what: 'The database has users of the directory {linked}, but {tenantId} is configured.',
    why: 'The same email address may belong to another person in another directory. Entrada does not start, or refuses sign-ins, rather than mix users.',
    fix: 'Restore the former ENTRADA_ENTRA_TENANT_ID, or start with an empty database.',
  },
  keys_published: ok('The directory publishes {count} usable signing keys for {issuer}.'),
  keys_unreachable: {
    severity: 'error',
    what: 'The signing keys could not be fetched from {url}: {reason}.',
    why: 'Without them, Entrada cannot verify ID tokens, so all sign-ins fail.',
    fix: 'Check that this machine reaches the address. It is on the same host as the other endpoints of Entra.',
  },
  keys_empty: {
    severity: 'error',
    what: 'The list of signing keys at {url} contains no usable key.',
    why: 'Entrada cannot verify ID tokens, so all sign-ins fail.',
    fix: 'Wait and run this again. If the finding remains, another server answers instead of Entra.',
  },
  keys_of_another_issuer: {
    severity: 'error',
    what: 'None of the {count} published signing keys is valid for {issuer}.',
    why: 'Each key names the directories it may sign for. All sign-ins are refused with id_token_key_unknown.',
    fix: 'Check that no proxy rewrites the answer, and that ENTRADA_ENTRA_AUTHORITY is the host of your cloud.',
  },
  keys_single: {
    severity: 'warning',
    what: 'Only one signing key is published.',
    why: 'Entra normally publishes several, so that keys can rotate without a gap. With one key, sign-ins fail for a moment at each rotation.',
    fix: 'Nothing here. If this application has its own signing key, check that the next key is added before the rotation.',
    whoCanFix: 'application_administrator',
  },
  connections_share_application: {
    severity: 'warning',
    what: 'Connections of different organizations use the same directory and the same application:',
    why: 'The same users sign in through both, each time as members of another organization, and replacing the secret in one breaks the other.',
    fix: 'Turn off the connection that was created by mistake. If this is intended, give each its own app registration.',
  },
} as const satisfies FindingRows

export const clockFindings = {
  clock_right: ok(
    "This machine's clock agrees with {authority} (they differ by at most {seconds} s).",
  ),
  clock_not_compared: {
    severity: 'info',
    what: 'The clock could not be compared: Entra sent no answer with a date.',
    why: 'If the clock is wrong by more than two minutes, all sign-ins are refused.',
    fix: 'Make Entra reachable, then run this again.',
  },
  clock_off_slightly: {
    severity: 'warning',
    what: "This machine's clock is {seconds} s {direction}, compared with {authority}.",
    why: 'From two minutes on, all sign-ins are refused, and the difference is likely to grow.',
    fix: 'Switch time synchronisation on (`timedatectl set-ntp true`), and check that it reaches a time server.',
  },
  clock_off: {
    severity: 'error',
    what: "This machine's clock is {seconds} s {direction}, compared with {authority}.",
    why: 'Entrada tolerates 120 s. All sign-ins are refused, because the ID token is not yet valid or has expired.',
    fix: 'Set the clock, and switch time synchronisation on (`timedatectl set-ntp true`).',
  },
} as const satisfies FindingRows
