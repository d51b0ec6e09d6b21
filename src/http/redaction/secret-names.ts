/** Which names of query parameters, form fields and JSON members carry credentials. */

/** Compared in lower case, without `X-` before it, `-`, `_`, `.`, white space and digits at the end. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "assertion",
  "auth",
  "authorization",
  "awsaccesskeyid",
  "bearer",
  "clientassertion",
  "code",
  "codeverifier",
  "csrf",
  "hmac",
  "jwt",
  "otp",
  "pass",
  "pin",
  "pwd",
  "session",
  "sessionid",
  "sid",
  "sig",
  "token",
]);

/** Credentials where they are parameters; as members of JSON such names mean other things. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(["key", "ticket", "tokens"]);

/** Endings of such names, as in `clientSecret` and `X-Amz-Signature`. */
const SECRET_ENDINGS: readonly string[] = [
  "accesskey",
  "apikey",
  "credential",
  "credentials",
  "privatekey",
  "pwd",
  "secret",
  "secretkey",
  "signature",
  "subscriptionkey",
  "token",
];

/** Tokens that only name a place in a list: a URL without them is hard to tell from the next. */
const CURSOR_TOKENS = /(?:continuation|cursor|next|page|resume|sync)token$/;

/** `newPassword`, `password_confirmation`. */
const PASSWORD = /passw(?:or)?d|passphrase/;

/**
 * Whether a query parameter or form field of this name carries credentials: `api_key`, `access-token`,
 * `X-Amz-Signature`, `newPassword`. So does a nested one: `user[password]`, `login.token`, `auth[0]`.
 */
export function isSecretParameter(name: string): boolean {
  return isSecretMember(name) || SECRET_PARAMETERS.has(plainName(name));
}

/** The same for a member of JSON. */
export function isSecretMember(name: string): boolean {
  if (isSecretName(name)) return true;
  return /[[\].:]/.test(name) && name.split(/[[\].:]+/).some(isSecretName);
}

function isSecretName(name: string): boolean {
  const plain = plainName(name);
  if (SECRET_NAMES.has(plain) || PASSWORD.test(plain)) return true;
  return SECRET_ENDINGS.some((ending) => plain.endsWith(ending)) && !CURSOR_TOKENS.test(plain);
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/^x-|[-_.\s]+|\d{1,9}$/g, "");
}
