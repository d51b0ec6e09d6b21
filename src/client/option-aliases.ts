/** Names that other HTTP clients give to options, and what to write here: the hints of the errors for unknown options. */
import { nearestName, plainName, unknownOption } from "../options/nearest-name.js";

/** The hint for an option of another client. */
interface Alias {
  /** Options with this meaning. */
  readonly names: readonly string[];
  /** The text that follows their names. */
  readonly note: string;
  /** The text for a place where none of them exists. */
  readonly elsewhere: string;
}

const BODY = named("json", "data")('"data" takes a form, text, bytes or a stream.');
const QUERY = named("params")();
const FORM = named("data")("An object is sent as a form.");
const FILES = named("files")();
const REDIRECTS = named("allowRedirects")("It is true or false.");
const VERIFY = named("verify")("false accepts any certificate.");
const AUTHORITIES = named("verify")("It takes PEM text or bytes, or the path of a PEM file or directory.");
const CERTIFICATE = named("cert")("It takes [certificatePath, keyPath] or { cert, key, pfx, passphrase }.");
const PROXIES = named("proxies")('It maps schemes to URLs: { https: "http://proxy.example:3128" }, or { all: … }.');
const AUTH = named("auth")('It takes ["user", "password"].');
const TOKEN = named("auth")("It takes new HTTPBearerAuth(token).");
const SIGNAL = named("signal")("It takes the signal of an AbortController.");
const TIMEOUT = named("timeout")("In seconds: 5, or { connect, read, total, pool }.");
const COOKIES = named("cookies")();
const HOOKS = named("hooks")("{ request: … } sees every request, { response: … } every response.");
const SIZE = named("maxResponseSize")("In bytes after decoding.");
const PROGRESS = named("onDownloadProgress", "onUploadProgress")();
const RETRIES = named("retries")("It takes a number, or new Retry({ … }).");
const BASE_URL = named("baseUrl")("", "It is an option of a session: new Session({ baseUrl: … }).");
const MAX_REDIRECTS = named("maxRedirects")(
  "",
  "The limit is an option of a session: new Session({ maxRedirects: 5 }). allowRedirects: false follows none.",
);
const TRUST_ENV = named("trustEnv")("", "It is an option of a session: new Session({ trustEnv: false }).");
const STATUS = named("raiseForStatus")("true throws HTTPError for 4xx and 5xx.");
const DECODE = named("decode")("false gives the bytes as they were sent.");
const CONNECTIONS = named("maxConnections")("", "It is an option of a session: new Session({ maxConnections: 20 }).");
const ADAPTER = named()(
  "",
  'Connections are configured on an adapter: session.mount("https://", new HTTPAdapter({ … })).',
);
const READ_BODY = named()(
  "",
  "Read the body by response.json(), response.text or response.content; stream: true leaves it unread.",
);
const CREDENTIALS = named()(
  "",
  "A Session keeps and sends cookies without an option; auth: null sends no credentials.",
);
const ARGUMENT = named()("", "It is an argument: request(method, url, options).");
const FETCH = named()("", "session.fetch(url, init) takes the options of fetch.");
const LOGGING = named()("", "NODE_DEBUG=requests prints what happens.");

function named(...names: string[]): (note?: string, elsewhere?: string) => Alias {
  return (note = "", elsewhere = note) => ({ names, note, elsewhere });
}

/** By the names in lower case, without "-" and "_". */
const ALIASES: ReadonlyMap<string, Alias> = new Map([
  ...entries(BODY, "body", "content", "payload"),
  ...entries(QUERY, "query", "queryparams", "querystring", "qs", "search", "searchparams"),
  ...entries(FORM, "form", "urlencoded"),
  ...entries(FILES, "attachments", "file", "formdata", "multipart"),
  ...entries(RETRIES, "attempts", "maxretries", "retry", "retrycount", "retrylimit"),
  ...entries(BASE_URL, "base", "baseurl", "prefix", "prefixurl"),
  ...entries(PROXIES, "httpproxy", "httpsproxy", "proxy", "proxyurl"),
  ...entries(READ_BODY, "encoding", "parsejson", "resolvebodyonly", "responseencoding", "responsetype"),
  ...entries(STATUS, "expectedstatus", "failonerror", "raiseforstatus", "simple", "throwhttperrors", "throwonerror", "validatestatus"),
  ...entries(REDIRECTS, "follow", "followlocation", "followredirect", "followredirects", "redirect", "redirects"),
  ...entries(MAX_REDIRECTS, "maxredirections", "maxredirects"),
  ...entries(VERIFY, "checkcertificate", "insecure", "rejectunauthorized", "ssl", "sslverify", "strictssl", "tls", "verifyssl"),
  ...entries(AUTHORITIES, "ca", "cabundle", "cacert", "cafile"),
  ...entries(CERTIFICATE, "certfile", "certificate", "clientcert", "key", "keyfile", "passphrase", "pfx"),
  ...entries(ADAPTER, "adapter", "agent", "agents", "client", "connector", "dispatcher", "family", "http2", "httpagent", "httpsagent", "localaddress", "lookup", "servername", "socketpath", "transport"),
  ...entries(CONNECTIONS, "concurrency", "limits", "maxsockets", "poolsize"),
  ...entries(DECODE, "compress", "decompress", "gunzip"),
  ...entries(CREDENTIALS, "credentials", "withcredentials"),
  ...entries(AUTH, "authentication", "basicauth", "password", "user", "username"),
  ...entries(TOKEN, "authorization", "bearer", "token"),
  ...entries(SIGNAL, "abort", "abortcontroller", "abortsignal", "cancel", "canceltoken"),
  ...entries(TIMEOUT, "bodytimeout", "connecttimeout", "headerstimeout", "readtimeout", "requesttimeout", "responsetimeout", "timeoutms", "timeouts"),
  ...entries(TRUST_ENV, "env", "trustenv"),
  ...entries(COOKIES, "cookie", "cookiejar", "jar"),
  ...entries(HOOKS, "afterresponse", "beforerequest", "interceptors", "onresponse", "transformrequest", "transformresponse"),
  ...entries(SIZE, "maxbodylength", "maxbodysize", "maxcontentlength", "maxresponsebytes", "size"),
  ...entries(PROGRESS, "onprogress", "progress"),
  ...entries(ARGUMENT, "method", "uri", "url"),
  ...entries(FETCH, "cache", "duplex", "integrity", "keepalive", "mode", "priority", "referrer", "referrerpolicy"),
  ...entries(LOGGING, "debug", "logger", "verbose"),
]); // prettier-ignore

function entries(meaning: Alias, ...names: string[]): [string, Alias][] {
  return names.map((name) => [name, meaning]);
}

/**
 * The error for an option of requests that does not exist: it names what the option is called here.
 *
 * @param known - The names that exist.
 * @param where - What the option was given to: "get()".
 */
export function unknownRequestOption(name: string, known: Iterable<string>, where: string): TypeError {
  const names = [...known];
  const plain = plainName(name);
  const meaning = ALIASES.get(plain);
  // The same name in another spelling says more than an alias.
  if (meaning === undefined || names.some((one) => plainName(one) === plain)) return unknownOption(name, names, where);
  const meant = meaning.names.filter((one) => names.includes(one)).map((one) => JSON.stringify(one));
  const help = meant.length === 0 ? meaning.elsewhere : `Did you mean ${meant.join(" or ")}? ${meaning.note}`;
  return new TypeError(`Unknown option ${JSON.stringify(name)} for ${where}. ${help}`.trimEnd());
}

/** Whether a name looks like an option, of this client or of another, and not like a field of data. */
export function looksLikeOption(name: string, known: Iterable<string>): boolean {
  const meaning = ALIASES.get(plainName(name));
  // A login has these fields.
  return (meaning !== undefined && meaning !== AUTH && meaning !== TOKEN) || nearestName(name, known) !== null;
}
