import { newSecret } from '../../../errors/registration-facts.ts'
import { appRegistration, type EntraErrorTable } from './entra-error-table-entry.ts'

const credentialShown =
  'Sign-in does not work at the moment. Ask your administrator to check the credential of the application.'

const certificates = `${appRegistration} > Certificates & secrets > Certificates`
const federatedCredentials = `${appRegistration} > Certificates & secrets > Federated credentials`
const howEntraCompares = 'Entra compares letter by letter, upper and lower case too.'

/** Errors about Entrada's own credential: secret, certificate, federated token. Never the person's fault. */
export const credentialErrors: EntraErrorTable = {
  70021: {
    name: 'No matching federated credential',
    whatHappened:
      'The federated token fits none of the federated credentials of the application: issuer, subject or audience is another.',
    remedy: `Compare \`iss\`, \`sub\` and \`aud\` of the token in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE with ${federatedCredentials}. ${howEntraCompares}`,
    whoCanFix: 'application_administrator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700024: {
    name: 'Client assertion out of time',
    whatHappened:
      'What Entrada proved itself with is too old or not valid yet: the federated token was not renewed, or the clock is wrong.',
    remedy:
      "Check that the platform still renews the token in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE, and the server's clock.",
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700027: {
    name: 'Client assertion not verified',
    whatHappened:
      'Entra could not verify the signature with which Entrada proved itself: the certificate is not uploaded, is another one, has ended, or the clock is wrong.',
    remedy: `Upload the certificate in ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE under ${certificates}, and compare the thumbprints: the log and /admin name the one that was sent. Check the server's clock.`,
    customerRemedy:
      'Upload the certificate of the set-up page under Certificates & secrets > Certificates, and compare the thumbprint.',
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700211: {
    name: 'No federated credential of this issuer',
    whatHappened:
      'The application trusts no issuer of the name (`iss`) that the federated token carries.',
    remedy: `Compare \`iss\` of the token in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE with Issuer under ${federatedCredentials}; often a slash at the end is missing or too many. ${howEntraCompares}`,
    customerRemedy:
      'Federated credentials: the issuer has to be exactly the one on the set-up page.',
    whoCanFix: 'application_administrator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700212: {
    name: 'No federated credential for this audience',
    whatHappened: 'The federated token was not issued for Entra (`aud`).',
    remedy: `Have the platform issue the token in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE for the Audience under ${federatedCredentials}, which is api://AzureADTokenExchange unless it was changed. ${howEntraCompares}`,
    customerRemedy:
      'Federated credentials: the audience has to be exactly the one on the set-up page.',
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700213: {
    name: 'No federated credential of this subject',
    whatHappened:
      'The application trusts the issuer of the federated token, but not for the workload (`sub`) that it names.',
    remedy: `Compare \`sub\` of the token in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE with Subject under ${federatedCredentials}. In Kubernetes it is system:serviceaccount:NAMESPACE:NAME. ${howEntraCompares}`,
    customerRemedy:
      'Federated credentials: the subject has to be exactly the one on the set-up page.',
    whoCanFix: 'application_administrator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  700229: {
    name: 'ForbiddenTokenType',
    whatHappened:
      "The federated token belongs to a person. Where Entra itself is the issuer, only a workload's own token may be used as the credential of the application.",
    remedy:
      'Put the token of a managed identity or another workload into ENTRADA_ENTRA_FEDERATED_TOKEN_FILE.',
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  7000215: {
    name: 'Wrong client secret',
    whatHappened:
      'The client secret is not one of this application. Most often the ID of the secret was copied in place of its value.',
    remedy: `${newSecret(appRegistration)} Put it into ENTRADA_ENTRA_CLIENT_SECRET or the connection.`,
    customerRemedy: `${newSecret('App registrations > the application')} Enter it here.`,
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  7000218: {
    name: 'No client credential sent',
    whatHappened:
      'The application has to prove itself at this address, and no secret or assertion was sent.',
    remedy: `Set ENTRADA_ENTRA_CLIENT_SECRET, or ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE, or ENTRADA_ENTRA_FEDERATED_TOKEN_FILE. The redirect URI belongs under Web in ${appRegistration} > Authentication.`,
    whoCanFix: 'operator',
    shown: credentialShown,
    where: 'token_endpoint',
  },
  7000222: {
    name: 'InvalidClientSecretExpiredKeysProvided',
    whatHappened: 'The client secret has expired, so all sign-ins with it fail.',
    remedy: `Create a new secret in ${appRegistration} > Certificates & secrets and put its value in front of the old one into ENTRADA_ENTRA_CLIENT_SECRET (a file is taken over without a restart) or the connection. With ENTRADA_ENTRA_CLIENT_SECRET_EXPIRES Entrada warns 60 days before; ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE or ENTRADA_ENTRA_FEDERATED_TOKEN_FILE spare you the secret. Operators can still sign in at /login/token.`,
    customerRemedy:
      'The secret has ended. Make a new one under Certificates & secrets, and enter it.',
    whoCanFix: 'operator',
    shown:
      'Sign-in does not work at the moment. Ask your administrator to renew the client secret of the application.',
    where: 'token_endpoint',
  },
}
