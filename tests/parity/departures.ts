/**
 * Every way in which we depart from Python's requests, with its reason: the lines of docs/coming-from-python.md, which
 * parity.test.ts prints. `touched.ts` says which recorded calls show each line, `differences.json` what both sides do there.
 */

/** Why a line is there. */
export type Kind =
  /** What requests does is a trap, and we decided otherwise. */
  | "purpose"
  /** Values, numbers and texts are those of JavaScript. */
  | "language"
  /** The recorded version differs; later versions of requests or urllib3 do as we do. */
  | "later"
  /** A fault of ours that is known and not mended yet. */
  | "open";

export interface Departure {
  /** The number on the page; 1 to 18 are those of the public contract. */
  readonly id: number;
  readonly kind: Kind;
  /** What is so, in a few words. */
  readonly title: string;
  /** What we do, what requests does, and why: Markdown. */
  readonly text: string;
  /** For what no exchange over plain sockets can show: the test that does, as "file: its name". */
  readonly provenBy?: string;
}

export const DEPARTURES: readonly Departure[] = [
  {
    id: 1,
    kind: "purpose",
    title: "The functions of the module keep connections alive.",
    text: "In requests every `requests.get` connects anew, which costs most of the time of a small request. Cookies still never leak from call to call.",
  },
  {
    id: 2,
    kind: "purpose",
    title: "Code beats the environment.",
    text: "`verify` and `proxies` in a call or a session win over REQUESTS_CA_BUNDLE and HTTPS_PROXY; in requests a variable can silently win over `session.proxies` and `session.verify`. `verify: true` still means the default trust, which REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE may define, in this order; requests does not read the last.",
  },
  {
    id: 3,
    kind: "purpose",
    title: "`send(prepareRequest(r))` applies the environment,",
    text: "as `request()` does. In requests the prepared way forgets the CA variables until you call `merge_environment_settings`, a trap that its own documentation warns of.",
    provenBy:
      "tests/integration/client/prepared.test.ts: is the same as request(): environment, cookies, hooks and redirects",
  },
  {
    id: 4,
    kind: "purpose",
    title: "`verify` takes true, false or a path,",
    text: "and belongs to the connection. In requests an empty string or 0 switches verification off, and a connection made without verification was reused by calls that asked for it.",
    provenBy: "tests/wire/tls.test.ts: made under verify: false is not used under another policy",
  },
  {
    id: 5,
    kind: "purpose",
    title: "Cookies follow RFC 6265bis.",
    text: "A cookie without a domain stays with its host; public suffixes such as `co.uk`, parts of an address, `__Host-` and `__Secure-` cookies that break their promise and Secure cookies over http are refused; an attribute that cannot be read is left out, not the whole cookie. Python's jar sends host-only cookies to subdomains, and renames hosts without a dot to `name.local`. Cookies without a domain, as those of `cookies: {}`, never follow a redirect to another origin. Values are UTF-8.",
  },
  {
    id: 6,
    kind: "purpose",
    title: "More stays behind on a redirect to another origin:",
    text: "Authorization, Cookie, Proxy-Authorization, a Host that you set, and headers that carry secrets, such as X-Api-Key. In requests a custom key goes to whomever the server names, and so do the cookies of `cookies={…}`. http to https on the same host and default ports is no other origin, as in requests.",
  },
  {
    id: 7,
    kind: "purpose",
    title: "A body that cannot be sent again is an error,",
    text: "UnrewindableBodyError; requests sends it empty. Framing headers that contradict each other are refused, since two servers could read two requests in them; a generator with a Content-Length is sent with that alone, not chunked as well. A 301 keeps method and body of everything but POST, where requests sends a PUT without its body.",
  },
  {
    id: 8,
    kind: "purpose",
    title: "`text` without a charset",
    text: "is UTF-8 if the bytes are valid UTF-8. Otherwise the charset is found by the letters of languages, and a text with few letters beyond ASCII is windows-1252 (`£5`, `café`). `encoding` is then null. Requests takes ISO-8859-1 for all `text/*`, and most such pages come out wrong. All JSON types (`application/problem+json`, `text/json`) are UTF-8, `json()` reads UTF-16 and UTF-32 too, and a byte order mark is no error and no part of the text. Media types are compared without regard to case.",
  },
  {
    id: 9,
    kind: "purpose",
    title: "Half a gzip is an error.",
    text: "Truncated compressed bodies, garbage behind them, more than five codings and decompression bombs (over 200:1, beyond 10 MiB) are ContentDecodingError; requests returns what it has, or all memory is gone.",
  },
  {
    id: 10,
    kind: "purpose",
    title: "`iterLines` is right across the borders of chunks,",
    text: "where requests can make two lines of a CRLF that is cut in two, and adds empty ones behind a delimiter. A read timeout in the body is ReadTimeout; in requests it is ConnectionError.",
  },
  {
    id: 11,
    kind: "purpose",
    title: "The prefix of an adapter ends at the border of a host.",
    text: "An adapter for `https://example.com` is not used for `https://example.com.evil.org`, which would get its client certificate.",
    provenBy: "tests/integration/client/adapters.test.ts: a prefix ends at a host border",
  },
  {
    id: 12,
    kind: "purpose",
    title: "NO_PROXY knows IPv6, CIDR of both families, `*.host` and ports,",
    text: "which other programs that read the variable know. Credentials are UTF-8, those of proxies, netrc and URLs too; requests takes latin-1, which most servers do not read any more.",
  },
  {
    id: 13,
    kind: "purpose",
    title: "1xx responses are skipped,",
    text: "all but 101, and shown to `onInformational`. Requests takes a 103 for the final response.",
  },
  {
    id: 14,
    kind: "purpose",
    title: "Files in `files` are streamed,",
    text: "so that memory does not limit their size; requests puts the whole body together first. As there, a part has a Content-Type only when you give one, or its Blob has one: a guess from the name is a claim about content that nobody has looked at.",
    provenBy:
      "tests/unit/message/body/multipart.test.ts: takes files, handles and Blobs with their lengths, as often as needed",
  },
  {
    id: 15,
    kind: "purpose",
    title: "A bad percent escape is escaped:",
    text: "`%zz` is sent as `%25zz`, and the good escapes around it stay. Requests escapes every `%` of such a URL, and the good ones change their meaning.",
  },
  {
    id: 16,
    kind: "purpose",
    title: "A head that is cut off is an error,",
    text: "never a response: a missing header can be the one that mattered. The same goes for a line without a colon, behind which requests drops all other headers.",
  },
  {
    id: 17,
    kind: "purpose",
    title: "`auth: null` means none,",
    text: "of the session, netrc and the URL too; requests has no word for it. netrc still beats an Authorization header set by hand, as the documentation of requests says. An unknown word in a netrc file is skipped with its value, as by curl, and a macro may end with the file; requests then ignores the whole file.",
    provenBy:
      "tests/unit/message/prepared.test.ts: user-info signs, auth: null does not, auth beats it, and an Authorization header is overwritten",
  },
  {
    id: 18,
    kind: "purpose",
    title: "Host names become ASCII as in browsers",
    text: "(UTS 46), so that `http://☃.net/` is a URL and means the same everywhere. What no host can have (a space, `<`) is InvalidURL.",
  },
  {
    id: 19,
    kind: "purpose",
    title: "Digest is that of RFC 7616.",
    text: "`qop` and `algorithm` go without quotes, as the RFC demands; quotes in names are escaped, names are UTF-8, `auth-int`, `SHA-256-sess`, `SHA-512-256` and `userhash` are understood, and of several challenges the first that is understood is answered. Parameters separated by blanks and a `qop` list without quotes are read. A challenge that cannot be answered leaves the 401, where requests ends in a KeyError or AttributeError. The 401 stays in `history`, and the request after a redirect on the same origin is signed at once.",
  },
  {
    id: 20,
    kind: "purpose",
    title: "What would break its line is refused:",
    text: "a header or cookie with NUL, `;` or a line end, a name that is no token, a method with a space, a user name with `:` for Basic. It is InvalidHeader or RequestException before anything goes out; requests sends most of it, or ends in ValueError and UnicodeError.",
  },
  {
    id: 21,
    kind: "purpose",
    title: "Messages keep secrets.",
    text: "The URL in an HTTPError has passwords, tokens and parameters such as `api_key` masked, and InvalidHeader names the header, not its value. Control characters of a reason phrase are escaped. The words of requests stand first in a message wherever it has any; what was wrong, where, and what to try follow.",
  },
  {
    id: 22,
    kind: "purpose",
    title: "A response's framing is said clearly, or is an error.",
    text: "NUL, white space before a colon, lines that end in a bare LF, an unasked 101 and versions other than 1.0 and 1.1 are ConnectionError, and so are, in a response that has a body, a Content-Length that is not a number or stands beside Transfer-Encoding, and codings other than one `chunked`. Requests guesses; two readers that guess differently are how responses get smuggled.",
  },
  {
    id: 23,
    kind: "purpose",
    title: "More and longer headers.",
    text: "1,000 fields and 256 KiB by default, both settable; Python's http.client has 100 fields and 64 KiB a line, for all programs.",
  },
  {
    id: 24,
    kind: "purpose",
    title: "A multipart body fits its header.",
    text: "The boundary of your own `Content-Type: multipart/form-data; boundary=…` is used, and one without gets ours; in requests such a body cannot be read. Content-Type and Content-Location among a part's headers are sent; requests drops them.",
  },
  {
    id: 25,
    kind: "purpose",
    title: "What is empty is empty:",
    text: "a form of nothing but nulls has `Content-Length: 0`, and so has an empty file, which requests sends chunked.",
  },
  {
    id: 26,
    kind: "purpose",
    title: "`null` removes a header, whichever it is.",
    text: "For User-Agent and Accept-Encoding the libraries below requests put in their own. In a request that is prepared without a session null is nothing, not an InvalidHeader.",
  },
  {
    id: 27,
    kind: "purpose",
    title: "Header values have no white space around them,",
    text: "as RFC 9110 says, and `raw.headers` keeps the case of each. Of two Locations the first counts; requests follows both, joined by a comma. Bytes in a Location that are not UTF-8 are escaped as they are, where requests ends in a UnicodeDecodeError.",
  },
  {
    id: 28,
    kind: "purpose",
    title: "Links are read by RFC 8288:",
    text: "semicolons and commas in quotes are text, and names of parameters have no case.",
  },
  {
    id: 29,
    kind: "purpose",
    title: "`iterContent(n)` gives n bytes",
    text: "each time but the last, over the borders of chunks and behind a decoder. `decodeUnicode` always gives text, by UTF-8 where there is no charset; in requests it gives bytes then. `content` after the stream was iterated is StreamConsumedError, not RuntimeError.",
  },
  {
    id: 30,
    kind: "purpose",
    title: "Escaped dot segments are dot segments:",
    text: "`/%2e%2e/a` is `/a`, as in browsers. Requests unescapes them last, and sends `/../a`. An empty segment is one, too: `d` beside `//x` is `//d` (RFC 3986 §5.2).",
  },
  {
    id: 31,
    kind: "purpose",
    title: "Values that say nothing are TypeErrors:",
    text: "an object or a list within `params` or a form (requests sends its keys), a list of two-letter words (which it takes for pairs), a number as a body or as a user name. `pathUrl` of a URL without a host still begins with a slash.",
  },
  {
    id: 32,
    kind: "purpose",
    title: "The addresses of a name are tried in a race",
    text: "(RFC 8305): the next one after 250 ms, or at once when one fails, while the earlier ones go on; `timeout.connect` covers all of them. Requests tries one after another, and gives each the whole timeout.",
    provenBy: "tests/wire/happy-eyeballs.test.ts: is waited for when the others refuse, up to the connect timeout",
  },
  {
    id: 33,
    kind: "purpose",
    title: "A proxy URL of an unknown scheme is InvalidProxyURL,",
    text: "which is an InvalidURL, as it is for one without a host, and for what looks like a host and begins with a scheme or a slash (`http:/proxy:3128`, `http//proxy`, `//proxy`).",
  },
  {
    id: 34,
    kind: "language",
    title: "JSON is written by JSON.stringify and read by JSON.parse:",
    text: 'no spaces behind `,` and `:`, non-ASCII as UTF-8, `1.0` is `1`, NaN and Infinity become `null`, a BigInt is InvalidJSONError. NaN in a response is no JSON, and numbers beyond 2^53 lose digits. A `toJSON` is heeded, so a Buffer is `{"type":"Buffer",…}`.',
  },
  {
    id: 35,
    kind: "language",
    title: "`true` is `true`, and numbers are JavaScript's,",
    text: "in queries, forms and multipart fields: `True` is Python's word, and so are `2.0`, `1e-07` and `inf`.",
  },
  {
    id: 36,
    kind: "language",
    title: "Numbers and booleans may be headers and cookies,",
    text: "an array sends a header several times, and headers may be pairs. Null as a cookie's value is no cookie.",
  },
  {
    id: 37,
    kind: "language",
    title: "Charsets are those of the WHATWG Encoding Standard,",
    text: "as TextDecoder knows them: `iso-8859-1` is windows-1252, and so browsers read it. `apparentEncoding` is such a label, in lower case, `utf-8` for no bytes. An empty or unknown charset in Content-Type counts as none, and a value without quotes ends at a comma.",
  },
  {
    id: 38,
    kind: "later",
    title: "A body cut short is an error,",
    text: "ChunkedEncodingError, also while its lines are read (urllib3 2).",
  },
  {
    id: 39,
    kind: "later",
    title: "Text bodies are UTF-8,",
    text: "in one piece and in chunks, their length counted in bytes; an empty chunk is left out (urllib3 2).",
  },
  {
    id: 40,
    kind: "later",
    title: "A backslash in a file name stays one, `x-gzip` is gzip, and a folded header becomes one line",
    text: "(urllib3 2 to 2.8).",
  },
  {
    id: 41,
    kind: "later",
    title: "The user name of a URL is never taken for netrc's host",
    text: "(requests 2.32.4, CVE-2024-47081): netrc then beats the user-info.",
  },
  {
    id: 42,
    kind: "later",
    title: "MissingSchema proposes https,",
    text: "or a `baseUrl` for a relative URL, and the message of InvalidHeader has lost a misprint. A missing URL is called missing, not 'None'.",
  },
  {
    id: 43,
    kind: "purpose",
    title: "Keys of `proxies` are checked.",
    text: 'A key that no URL fits, such as `"http://"`, `"*"` or `http_proxy`, is a TypeError that names the right one; requests ignores it and connects directly. Case does not matter. `no_proxy` in `proxies` holds for the proxies beside it as well; in requests only for those of the environment. A proxy URL with `#`, `?`, `/` or a backslash before its last `@` is InvalidProxyURL; requests may take the user name for the host.',
    provenBy: "tests/unit/policy/no-proxy.test.ts: may be written in any case",
  },
];
